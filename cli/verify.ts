import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { LockedTask } from "../benchmark/images-lock.ts";
import { taskKey, taskName } from "../benchmark/tasks.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import type { Settings } from "../program/settings.ts";
import { ownerOf } from "../program/stack-id.ts";
import { type ProbeResult, probe } from "../provision/steps/probe.ts";
import { inspectVenv } from "../provision/steps/venv/fault.ts";
import { verify as verifyCommandLine } from "../provision/steps/verification.ts";
import type { StackCaller } from "./caller.ts";
import { removeLeftovers } from "./cut-off.ts";
import { openEngine } from "./engine.ts";
import { identityOf } from "./identity.ts";
import type { Found } from "./session.ts";
import { someAtOnce } from "./some-at-once.ts";
import { readLockedSettings } from "./stack-settings.ts";
import { table } from "./table.ts";

/** What was found of one image. */
interface Verified extends Partial<Omit<ProbeResult, "image">> {
  /** Key of its task, as in the stack's outputs. */
  readonly task: string;
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  readonly ok: boolean;
  /** Whether the lock has it, so that digest and platform were compared. */
  readonly locked: boolean;
  /** Why it is not verified, and what helps. */
  readonly problem?: string;
  /** How long its probe took. */
  readonly seconds: number;
}

/** What was found of the command line. */
interface VerifiedCooperBench {
  readonly ok: boolean;
  readonly version?: string;
  readonly pythonVersion?: string;
  /** Why it is not verified, and what helps. */
  readonly problem?: string;
}

/**
 * `./machine verify [STACK] [--json]`: probes every image and runs the command line now, whatever the state says.
 * Changes nothing.
 */
export async function verify(caller: StackCaller, json: boolean): Promise<number> {
  const { stack, output } = caller;
  const engine = await openEngine(caller);
  const { dockerHost } = engine;
  await removeLeftovers(engine);
  const settings = readLockedSettings(caller);

  const abort = abortOnSignal();
  const started = performance.now();
  const [results, cooperbench] = await Promise.all([
    someAtOnce(
      settings.tasks.map((task) => () => verifyImage(task, engine, settings.probeTimeoutSeconds, abort)),
      4 * availableParallelism(),
      (done) => output.report(`${done}/${settings.tasks.length} images probed`),
    ),
    verifyCooperBench(caller, settings, abort),
  ]);
  if (abort.aborted) {
    output.report("interrupted; the containers are removed");
    return 130;
  }

  const seconds = (performance.now() - started) / 1000;
  output.print(
    json
      ? `${JSON.stringify({ stack, dockerHost, images: results, cooperbench }, null, 2)}\n`
      : show(results, cooperbench, seconds),
  );
  return cooperbench.ok && results.every(({ ok }) => ok) ? 0 : 1;
}

/** Whether the command line runs, and sees the tasks. */
async function verifyCooperBench(
  { stack, projectDir }: StackCaller,
  settings: Settings,
  abort: AbortSignal,
): Promise<VerifiedCooperBench> {
  const folder = realPlace(resolve(projectDir, settings.cooperbenchDir));
  const { pythonVersion, subset } = settings;
  const fault = inspectVenv(folder, pythonVersion, ownerOf(stack, settings));
  if (fault !== undefined)
    return { ok: false, problem: `${join(folder, ".venv")}: ${fault}\nFix: ./machine up ${stack}` };
  return verifyCommandLine({ folder, subset, tasks: settings.tasks.map(taskName), abort }).then(
    ({ version, pythonVersion }) => ({ ok: true, version, pythonVersion }),
    (error: Error) => {
      if (!(error instanceof Problem)) throw error;
      return { ok: false, problem: error.message };
    },
  );
}

async function verifyImage(
  task: LockedTask,
  found: Found,
  timeoutSeconds: number,
  abort: AbortSignal,
): Promise<Verified> {
  const { image: reference, locked, baseCommit } = task;
  const { dockerHost } = found;
  const container = `cooperbench-verify-${found.stack}-${taskKey(task)}`;
  const started = performance.now();
  const stack = identityOf(found);
  const wanted = {
    ...{ image: reference, locked, baseCommit, container, stack },
    ...{ dockerHost, timeoutSeconds, abort },
  };
  const result = await probe(wanted).then(
    ({ image: _, ...found }) => ({ ok: true, ...found }),
    (error: Error) => {
      if (!(error instanceof Problem)) throw error;
      return { ok: false, problem: error.message };
    },
  );
  const seconds = Math.round(performance.now() - started) / 1000;
  return { task: taskKey(task), reference, locked: locked !== undefined, ...result, seconds };
}

function show(images: readonly Verified[], cooperbench: VerifiedCooperBench, seconds: number): string {
  const rows = images.map(({ ok, task, digest = "", platform = "", commit = "", locked, seconds }) => [
    ok ? "ok" : "FAILED",
    task,
    locked ? "locked" : "not locked",
    digest.slice(digest.indexOf("@") + 1).slice(0, 19),
    platform,
    commit.slice(0, 12),
    `${seconds.toFixed(1)} s`,
  ]);
  const problems = images.flatMap(({ problem }) => (problem === undefined ? [] : [`failed: ${problem}`]));
  const verified = images.filter(({ ok }) => ok).length;
  const locked = images.filter(({ locked }) => locked).length;
  const lines = [
    ...table([["", "task", "lock", "digest", "platform", "commit", "time"], ...rows]),
    ...problems,
    cooperbench.ok
      ? `cooperbench ${cooperbench.version} runs, on Python ${cooperbench.pythonVersion}`
      : `failed: ${cooperbench.problem}`,
    `${verified}/${images.length} images verified, ${locked} of them against the lock (${seconds.toFixed(1)} s)`,
  ];
  return `${lines.join("\n")}\n`;
}
