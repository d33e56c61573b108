import { readFileSync } from "node:fs";
import { availableParallelism, hostname, release, totalmem } from "node:os";
import { git, headOf } from "../../provision/steps/checkout/git.ts";

/** The machine that this project runs on. */
export interface Machine {
  readonly name: string;
  /** Name and version of the operating system. */
  readonly system: string;
  /** Version of its kernel, and what processor it is for. */
  readonly kernel: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

/** Looks at this machine. Runs nothing. */
export function lookAtMachine(): Machine {
  return {
    name: hostname(),
    system: systemName(),
    kernel: `${release()} ${process.arch}`,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? process.platform;
  } catch {
    return process.platform; // macOS has no such file
  }
}

/** The commit that a folder's checkout is at, and whether files of it are changed; undefined where it is none. */
export async function projectAt(folder: string): Promise<{ commit: string; isChanged: boolean } | undefined> {
  try {
    const [commit, changes] = await Promise.all([
      headOf(folder),
      git(folder, "status", "--porcelain", "--untracked-files=no"),
    ]);
    return { commit, isChanged: changes !== "" };
  } catch {
    return undefined; // it was not cloned, or there is no git
  }
}
