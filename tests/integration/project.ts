import { cpSync, readdirSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Ended, Lab } from "./lab.ts";
import { changeSettings } from "./settings-file.ts";

const projectDir = resolve(import.meta.dirname, "../..");
const left = new Set([".git", "node_modules", "repos", "tests", "docs"]);

/** A folder of its own with this project in it, as another clone of it is, on a lab's machine. */
export class Project {
  readonly dir: string;
  readonly #lab: Lab;

  /** @param from folder of the project that is copied, with the settings of its stacks. Default: this project's. */
  constructor(lab: Lab, name: string, from = projectDir) {
    this.#lab = lab;
    this.dir = join(lab.folder, name);
    for (const entry of readdirSync(from))
      if (!left.has(entry) && !/^Pulumi\.test-/.test(entry))
        cpSync(join(from, entry), join(this.dir, entry), { recursive: true, preserveTimestamps: true });
    symlinkSync(join(projectDir, "node_modules"), join(this.dir, "node_modules"));
    // As after an install: the packages are not older than their lock.
    const { atime, mtime } = statSync(join(projectDir, "package-lock.json"));
    utimesSync(join(this.dir, "package-lock.json"), atime, mtime);
  }

  /** Runs `./machine` of this folder. No variable names a rehearsal: a stack's settings do. */
  machine(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.#lab.run(join(this.dir, "machine"), args, { COOPERBENCH_REHEARSAL_DIR: undefined, ...env });
  }

  /** Runs it at a terminal, with what is typed there. */
  typed(args: readonly string[], text: string): Promise<Ended> {
    const program = "import os,pty,sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    const typing = `printf '%s\\n' "$1" | { shift; exec python3 -c "$@"; }`;
    return this.#lab
      .run("sh", ["-c", typing, "sh", text, program, join(this.dir, "machine"), ...args], {
        COOPERBENCH_REHEARSAL_DIR: undefined,
      })
      .then((ended) => ({ ...ended, stdout: ended.stdout.replaceAll("\r", "") }));
  }

  settingsFile(stack: string): string {
    return join(this.dir, `Pulumi.${stack}.yaml`);
  }

  /** Changes settings of a stack, in its file. */
  configure(stack: string, settings: Readonly<Record<string, unknown>>): void {
    changeSettings(this.settingsFile(stack), settings);
  }
}
