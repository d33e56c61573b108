import { readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { assertGoesOn } from "../../../lib/abort.ts";
import { environmentFor } from "../../../lib/environment.ts";
import { recordedIn } from "../../../lib/pid-file.ts";
import { Problem } from "../../../lib/problem.ts";
import { commandLine, isAtWork, parseProcess, startOf, thisProcess } from "../../../lib/process-id.ts";
import { type RunResult, run } from "../../../lib/run.ts";
import { type VenvIntent, writerFile } from "./marker.ts";

/** Where uv works. */
export interface UvPlace {
  /** Folder of the checkout. */
  readonly folder: string;
  readonly venv: string;
  /** Ends uv, with all that it has started. */
  readonly abort?: AbortSignal | undefined;
}

/** Asks uv something. */
export async function askUv({ folder, abort }: UvPlace, args: readonly string[]): Promise<RunResult> {
  const result = await run("uv", args, options(folder, abort));
  assertGoesOn(abort);
  return result;
}

/** Has uv write in the environment. What it starts ends with this process, or is ended by the next step. */
export async function writeWithUv({ folder, venv, abort }: UvPlace, args: readonly string[]): Promise<void> {
  const [shell, ...argv] = recordedIn(writerFile(venv), ["uv", ...args]);
  const { code, stdout, stderr, ending } = await run(shell, argv, options(folder, abort));
  assertGoesOn(abort);
  if (code === 0) return;
  throw new Problem(`uv ${args.join(" ")} ${ending}:\n${(stderr || stdout).trim()}`, {
    advice: "fix what uv reports, then run the update again: what is already installed stays",
  });
}

/**
 * Ends the uv of a step that is gone: only one may write in an environment.
 *
 * @throws a Problem where that step still runs.
 */
export async function endWriter(venv: string, { maker }: VenvIntent): Promise<void> {
  if (maker !== thisProcess() && isAtWork(maker))
    throw new Problem(
      `${venv} is being installed by another update (process ${parseProcess(maker)?.pid}). Nothing in it was changed`,
      { advice: "wait until that ends, then run the update again" },
    );
  const writer = writerOf(venv);
  if (writer !== undefined) {
    kill(-writer);
    for (const end = Date.now() + 10_000; startOf(writer) !== undefined; await sleep(20)) {
      if (Date.now() > end)
        throw new Problem(`uv (process ${writer}) is writing in ${venv} and cannot be ended`, {
          command: ["sudo", "kill", "-9", String(writer)],
          when: "then run the update again",
        });
    }
  }
  rmSync(writerFile(venv), { force: true });
}

/** The uv that writes in an environment; undefined where none does. A pid that was given again names another program. */
function writerOf(venv: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(writerFile(venv), "utf8"));
  } catch {
    return undefined;
  }
  return Number.isInteger(pid) && pid > 1 && commandLine(pid).includes(venv) && startOf(pid)
    ? pid
    : undefined;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function options(folder: string, abort: AbortSignal | undefined) {
  assertGoesOn(abort);
  const env = environmentFor("uv", process.env, { UV_PYTHON_DOWNLOADS: "never" });
  // A group of its own, so that all of it can be ended; what a terminal sends comes through this process.
  return { cwd: folder, env, ownSession: true, ...(abort && { abort }) };
}
