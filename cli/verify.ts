import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { LockedTask } from "../benchmark/images-lock.ts";
import { taskKey, taskName } from "../benchmark/tasks.ts";
import type { StatusCheck } from "../checks/status/checks.ts";
import { wantedOf } from "../checks/status/images.ts";
import type { RecordedCommandLine, RecordedImage } from "../checks/status/record.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { Problem } from "../lib/problem.ts";
import { machine, remedyText } from "../lib/remedy.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import type { Settings } from "../program/settings.ts";
import { ownerOf } from "../program/stack-id.ts";
import type { EngineFacts } from "../provision/engine/ask.ts";
import { readMarker } from "../provision/ownership/marker.ts";
import { headIn } from "../provision/steps/checkout/inspect.ts";
import { type ProbeResult, probe } from "../provision/steps/probe.ts";
import { datasetShape } from "../provision/steps/task-dataset.ts";
import { inspectVenv } from "../provision/steps/venv/fault.ts";
import { markerFile, type VenvMarker } from "../provision/steps/venv/marker.ts";
import { verify as verifyCommandLine } from "../provision/steps/verification.ts";
import type { StackCaller } from "./caller.ts";
import { removeLeftovers } from "./cut-off.ts";
import { openEngine } from "./engine.ts";
import { findingLines } from "./findings.ts";
import { identityOf } from "./identity.ts";
import { printJson } from "./json.ts";
import { recordCommand, recordProofs } from "./proof-record.ts";
import type { Found } from "./session.ts";
import { someAtOnce } from "./some-at-once.ts";
import { readLockedSettings, readSettings } from "./stack-settings.ts";
import { inTheWay, lookAtStack } from "./status.ts";
import { table } from "./table.ts";
import { codeOf, conclude, readiness, type Verdict } from "./verdict.ts";

/** What was found of one image. */
export interface Verified extends Partial<Omit<ProbeResult, "image">> {
  /** Name of its task, as in a `tasks` setting. */
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
export interface VerifiedCooperBench {
  readonly ok: boolean;
  readonly version?: string;
  readonly pythonVersion?: string;
  /** Why it is not verified, and what helps. */
  readonly problem?: string;
}

/** The same, with what it is of; undefined where there was nothing to run. */
interface Proved extends VerifiedCooperBench {
  readonly of?: Pick<RecordedCommandLine, "commit" | "environment" | "dataset">;
}

/**
 * `./machine verify [STACK] [--json]`: probes every image and runs the command line now, whatever the state says, and
 * looks at the rest. Changes nothing; what it found is recorded for the status. Gives 1 where something is in the way of a
 * run.
 */
export async function verify(caller: StackCaller, json: boolean): Promise<number> {
  const { stack, output } = caller;
  readSettings(caller);
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
  if (abort.aborted)
    return conclude(output, {
      outcome: "interrupted",
      text: "the containers are removed",
      next: machine("verify", stack),
    });

  const seconds = (performance.now() - started) / 1000;
  record(engine, settings, results, cooperbench);
  // What else a run needs is not proved here, and looked at.
  const { isReady, checks } = await lookAtStack(caller);
  const blockers = inTheWay({ checks });
  const { of: _, ...told } = cooperbench;
  const isWell = isReady && cooperbench.ok && results.every(({ ok }) => ok);
  const verdict: Verdict = {
    outcome: readiness(isWell, engine.isRehearsal),
    text: `${countOf(results)} (${seconds.toFixed(1)} s)${blockers.length === 0 ? "" : `; in the way of a run: ${blockers.map(({ check }) => check).join(", ")}`}`,
    next: machine(isWell ? "plan" : "up", stack),
  };
  recordCommand(engine, "verify", verdict);
  if (json) {
    printJson(output, "verify", {
      ...{ stack, dockerHost, images: results, cooperbench: told, isReady, inTheWay: blockers },
    });
    return codeOf(verdict);
  }
  output.print(show(results, cooperbench, blockers));
  return conclude(output, verdict);
}

/** Records what was found, for the status. */
function record(
  engine: Found & EngineFacts,
  settings: Settings,
  results: readonly Verified[],
  { of, ok, problem, version, pythonVersion }: Proved,
): void {
  const at = new Date().toISOString();
  const { dockerHost } = engine;
  const { tasks, subset } = settings;
  const folder = checkoutFolder(engine.projectDir, settings);
  const images = tasks.flatMap((task): [string, RecordedImage][] => {
    const found = results.find(({ reference }) => reference === task.image);
    const { problem, digest, platform, commit, runner, changedFiles, lostPrograms } = found ?? {};
    const noted = { runner, changedFiles, lostPrograms };
    // Of an image that failed its probe, the engine knows which one it was.
    const there = engine.images.find(({ references }) => references.includes(task.image));
    const imageId = found?.imageId ?? there?.id;
    return imageId === undefined
      ? []
      : [
          [
            taskName(task),
            { at, problem, dockerHost, imageId, wanted: wantedOf(task), digest, platform, commit, ...noted },
          ],
        ];
  });
  const names = tasks.map(taskName);
  const cooperbench = of && {
    ...{ at, problem: ok ? undefined : problem, folder, subset, tasks: names },
    ...{ ...of, version, pythonVersion },
  };
  recordProofs(engine, (record) => ({
    ...record,
    images: { ...record.images, ...Object.fromEntries(images) },
    ...(cooperbench && { cooperbench }),
  }));
}

/** Whether the command line runs, and sees the tasks. */
async function verifyCooperBench(
  { stack, projectDir }: StackCaller,
  settings: Settings,
  abort: AbortSignal,
): Promise<Proved> {
  const folder = checkoutFolder(projectDir, settings);
  const { pythonVersion, subset } = settings;
  const fault = inspectVenv(folder, pythonVersion, ownerOf(stack, settings));
  if (fault !== undefined)
    return { ok: false, problem: `${join(folder, ".venv")}: ${fault}\n${remedyText(machine("up", stack))}` };
  const of = {
    commit: headIn(folder),
    environment: readMarker<VenvMarker>(markerFile(join(folder, ".venv")))?.changed,
    dataset: datasetShape(folder, settings.tasks),
  };
  return verifyCommandLine({ folder, subset, tasks: settings.tasks.map(taskName), abort }).then(
    ({ version, pythonVersion }) => ({ of, ok: true, version, pythonVersion }),
    (error: Error) => {
      if (!(error instanceof Problem)) throw error;
      return { of, ok: false, problem: error.message };
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
  return { task: taskName(task), reference, locked: locked !== undefined, ...result, seconds };
}

function show(
  images: readonly Verified[],
  cooperbench: VerifiedCooperBench,
  blockers: readonly StatusCheck[],
): string {
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
  const lines = [
    ...table([["", "task", "lock", "digest", "platform", "commit", "time"], ...rows]),
    ...problems,
    cooperbench.ok
      ? `cooperbench ${cooperbench.version} runs, on Python ${cooperbench.pythonVersion}`
      : `failed: ${cooperbench.problem}`,
    ...(blockers.length === 0 ? [] : findingLines(blockers, false)),
  ];
  return `${lines.join("\n")}\n`;
}

/** How many images are verified, and how many of all are locked. */
function countOf(images: readonly Verified[]): string {
  const verified = images.filter(({ ok }) => ok).length;
  const locked = images.filter(({ locked }) => locked).length;
  const ofLock = locked === images.length ? "all are locked" : `${locked} of ${images.length} are locked`;
  return `${verified}/${images.length} images verified; ${ofLock}`;
}
