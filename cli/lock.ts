import { existsSync, mkdirSync } from "node:fs";
import { dirname, relative } from "node:path";
import { formatImagesLock, type ImagesLock, readImagesLock } from "../benchmark/images-lock.ts";
import { applyChanges, changeCounts, changeLines } from "../benchmark/lock-changes.ts";
import { readTasks } from "../benchmark/tasks.ts";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import type { Caller } from "./caller.ts";
import { compareAll } from "./lock-comparison.ts";
import type { LockOptions } from "./lock-options.ts";
import { lockTarget } from "./lock-target.ts";
import { type Registries, reach } from "./registries.ts";
import type { Output } from "./terminal.ts";

/**
 * `./machine lock [STACK]`: asks the registry what the benchmark's images are, all of them, and writes the image lock
 * file. With `check` it only compares, by requests that cost nothing on Docker Hub. Gives the exit code: 1 where an
 * image failed, and with `check` where one is not as locked.
 */
export async function lock({ stack, check, platform }: LockOptions, caller: Caller): Promise<number> {
  const { projectDir, output } = caller;
  const { file, endpoints, services } = await lockTarget(caller, stack);
  const again = ["./machine lock", ...(stack === undefined ? [] : [stack])].join(" ");
  const before = readLock(file);
  if (before === undefined && check)
    throw new Problem(`there is no image lock file ${file} to check; make it: ${again}`);

  const changes = await whileTelling(output, async (tell) => {
    const registries = await reach(endpoints);
    if (registries.reachable.length === 0) throw noRegistry(registries);
    const images = [...new Set([...readTasks().map((task) => task.image), ...services])];
    return compareAll(images, before, registries, { check, platform, tell });
  });

  const changed = changes.filter(({ kind }) => kind === "new" || kind === "moved").length;
  const failed = changes.filter(({ kind }) => kind === "failed").length;
  const write = !check && changed > 0;
  if (write) {
    mkdirSync(dirname(file), { recursive: true });
    writeWhole(file, formatImagesLock(applyChanges(before ?? { images: {} }, changes)));
  }

  const place = file.startsWith(`${projectDir}/`) ? relative(projectDir, file) : file;
  const what = check ? "checked" : write ? "written" : "not changed";
  const lines = [...changeLines(changes), `${changeCounts(changes)}; ${what}: ${place}`];
  if (check && changed > 0) lines.push(`To lock what the registry has now: ${again}`);
  output.print(`${lines.join("\n")}\n`);
  return failed > 0 || (check && changed > 0) ? 1 : 0;
}

function readLock(file: string): ImagesLock | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readImagesLock(file);
  } catch (error) {
    throw new Problem(
      `cannot read the image lock file: ${(error as Error).message}\nMend it (git checkout brings a committed one back), or remove it to lock all images anew: rm ${file}`,
    );
  }
}

function noRegistry({ unreachable }: Registries): Problem {
  return new Problem(
    [
      "no registry answers; nothing was written.",
      ...unreachable.map(({ message }) => `  ${message}`),
      "Run this where Docker Hub or the engine's mirror can be reached; a proxy is taken from HTTPS_PROXY.",
    ].join("\n"),
  );
}

/** Runs some work, and says every two seconds how far it is. */
async function whileTelling<Result>(
  { report }: Pick<Output, "report">,
  work: (tell: (progress: string) => void) => Promise<Result>,
): Promise<Result> {
  let progress = "asking the registry";
  const timer = setInterval(() => report(progress), 2000);
  try {
    return await work((text) => {
      progress = text;
    });
  } finally {
    clearInterval(timer);
  }
}
