/** What is wrong with an image, its dataset or the machine, by how an oracle's runs have ended. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { evaluationSeconds } from "../../benchmark/capacity.ts";
import { withoutControls } from "../../lib/printable.ts";
import type { EvaluationSettings, TestRun, Unevaluated } from "./evaluation.ts";
import type { OracleSubject } from "./oracle.ts";
import { featureFolder, patches, restore, runnerFile, runnerId } from "./task-dataset.ts";

type Limits = Pick<EvaluationSettings, "timeoutSeconds" | "memoryBytes">;

/** Exit code of what SIGKILL has ended. */
const KILLED = 137;

const LAST_LINES = 20;
const LAST_CHARACTERS = 2000;

/** What is wrong with any run that the runner did not end with a word on its tests; undefined where it did. */
export function unended(
  { image, feature }: OracleSubject,
  { code, timedOut, outOfMemory, output }: TestRun,
  { timeoutSeconds, memoryBytes }: Limits,
): string | undefined {
  const run = `the runner of feature ${feature}`;
  const said = lastWords(output);
  if (timedOut || code === -1) {
    const more =
      timeoutSeconds < evaluationSeconds
        ? "if the machine or its network is only slow, raise oracleTimeoutSeconds"
        : "CooperBench gives it no more: no run of this task can pass on this machine unless it is faster";
    return `${run} did not end within ${Math.min(timeoutSeconds, evaluationSeconds)} s and was ended; ${more}${said}`;
  }
  if (outOfMemory)
    return `${run} was out of memory (exit code ${code}, limit ${(memoryBytes / 2 ** 30).toFixed(1)} GiB); use a machine with more of it${said}`;
  if (code === KILLED)
    return `${run} was killed (exit code ${code}), as for want of memory; run it again${said}`;
  // What shells and Docker say of a program that they could not run.
  if (code >= 125 && code <= 127)
    return `${run} could not run a program (exit code ${code}), as in an image that is damaged; ${pullAnew(image)}${said}`;
  return undefined;
}

/** What is wrong with a run with the gold patch; undefined where CooperBench counts it as passed. */
export function goldFault(subject: OracleSubject, run: TestRun, limits: Limits): string | undefined {
  if (run.passed) return undefined;
  const { image, folder, feature } = subject;
  const before = unended(subject, run, limits);
  if (before !== undefined) return before;
  const said = lastWords(run.output);
  if (run.code === 0)
    return `CooperBench counts the gold patch of feature ${feature} as failed: the runner ended with 0, and no count of passed tests is in what it printed, so that every result of this task is one; ${pullAnew(image)}${said}`;
  return `the gold patch of feature ${feature} does not pass its tests: the runner ended with ${run.code}, want 0; where a download has failed, mend the engine's network; else ${restore(folder)}, or ${pullAnew(image)}${said}`;
}

/** What is wrong with the second run with the gold patch; undefined where it passed, or there was none. */
export function againFault(
  subject: OracleSubject,
  run: TestRun | undefined,
  limits: Limits,
): string | undefined {
  const fault = run && goldFault(subject, run, limits);
  return fault && `in a container that has run tests before, as for the second feature of a run: ${fault}`;
}

/** What is wrong with a run without it, the negative control, which CooperBench must not count as passed. */
export function controlFault(subject: OracleSubject, run: TestRun, limits: Limits): string | undefined {
  const { image, folder, feature } = subject;
  if (run.passed)
    return `the tests of feature ${feature} pass without the gold patch, so that they prove nothing: CooperBench counts ${run.testsPassed} passed, want a failure; ${restore(folder)}, or ${pullAnew(image)}${lastWords(run.output)}`;
  return unended(subject, run, limits);
}

/** What is wrong with an image in which the evaluation of a cooperating run fails; undefined where it does not. */
export function mergeFault(
  { image, feature }: Pick<OracleSubject, "image" | "feature">,
  output: string | null,
): string | undefined {
  if (output === null) return undefined;
  return `the gold patch of feature ${feature} does not come through a merge of branches, as the evaluation of a cooperating run makes one in /workspace/repo as it stands; ${pullAnew(image)}${lastWords(output)}`;
}

/** What is said of an image whose runner is not the dataset's; undefined where it is. */
export function runnerNote(
  { folder }: Pick<OracleSubject, "folder">,
  runner: string | null,
): string | undefined {
  if (runner !== null && runner === runnerId(folder)) return undefined;
  return `its runner.sh is not the dataset's (${runnerFile(folder)}): one of them is of another version`;
}

/** What is said where CooperBench's evaluator could not evaluate. */
export function unevaluated(subject: OracleSubject, said: Unevaluated): string {
  if ("lost" in said) return `${withoutControls(said.lost).trim()}; run it again`;
  if (said.error === "elsewhere")
    return "what the engine starts in a container runs in the machine around it, as where the engine is in a chroot; nothing was run there. Use an engine that is not in a chroot";
  const { image, folder, feature } = subject;
  const fault = `CooperBench cannot evaluate in it: ${withoutControls(said.error).trim()}`;
  const files = [patches.tests, patches.gold].map((name) => join(featureFolder(folder, feature), name));
  const large = files.find((file) => existsSync(file) && statSync(file).size > LARGEST);
  if (large !== undefined)
    return `${fault}; ${large} is larger than CooperBench can write into a container (${LARGEST / 1024} KiB); ${restore(folder)}`;
  return `${fault}; ${/Unicode/.test(said.error) ? `a patch of it is no UTF-8; ${restore(folder)}` : pullAnew(image)}`;
}

/** Bytes of the largest patch that is an argument of a program, in base64, as CooperBench hands it over. */
const LARGEST = (128 * 1024 * 3) / 4;

function lastWords(output: string): string {
  const lines = withoutControls(output).trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  const last = lines.slice(-LAST_CHARACTERS);
  return last === "" ? "\nIt printed nothing." : `\nIts last lines:\n${last}`;
}

function pullAnew(image: string): string {
  return `remove the image (docker rmi ${image}) and run the update again to pull it anew`;
}
