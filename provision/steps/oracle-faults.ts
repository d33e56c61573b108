/** What is wrong with an image, its dataset or the machine, by how an oracle's runs have ended. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { evaluationSeconds } from "../../benchmark/capacity.ts";
import { withoutControls } from "../../lib/printable.ts";
import { type Fault, machine, type Remedies, type Remedy } from "../../lib/remedy.ts";
import { pullAgain } from "../remedies.ts";
import type { EvaluationSettings, TestRun, Unevaluated } from "./evaluation.ts";
import type { OracleSubject } from "./oracle.ts";
import { featureFolder, patches, restore, runnerFile, runnerId } from "./task-dataset.ts";

type Settings = Pick<EvaluationSettings, "timeoutSeconds" | "memoryBytes" | "dockerHost">;

const again: Remedy = { advice: "run it again" };

/** Exit code of what SIGKILL has ended. */
const KILLED = 137;

const LAST_LINES = 20;
const LAST_CHARACTERS = 2000;

/** What is wrong with any run that the runner did not end with a word on its tests; undefined where it did. */
export function unended(
  { image, feature }: OracleSubject,
  { code, timedOut, outOfMemory, output }: TestRun,
  { timeoutSeconds, memoryBytes, dockerHost }: Settings,
): Fault | undefined {
  const fault = (what: string, remedies: Remedies): Fault => ({
    found: `the runner of feature ${feature} ${what}${lastWords(output)}`,
    remedies,
  });
  if (timedOut || code === -1)
    return fault(
      `did not end within ${Math.min(timeoutSeconds, evaluationSeconds)} s and was ended`,
      timeoutSeconds < evaluationSeconds
        ? {
            ...machine("set", "STACK", "oracleTimeoutSeconds", String(evaluationSeconds)),
            when: "if the machine or its network is just slow",
          }
        : { advice: "use a faster machine: CooperBench gives a run of this task no more time" },
    );
  if (outOfMemory)
    return fault(`was out of memory (exit code ${code}, limit ${(memoryBytes / 2 ** 30).toFixed(1)} GiB)`, {
      advice: "use a machine with more memory",
    });
  if (code === KILLED) return fault(`was killed (exit code ${code}), probably because memory ran out`, again);
  // What shells and Docker say of a program that they could not run.
  if (code >= 125 && code <= 127)
    return fault(
      `could not run a program (exit code ${code}): the image is probably damaged`,
      pullAgain(image, dockerHost),
    );
  return undefined;
}

/** What is wrong with a run with the gold patch; undefined where CooperBench counts it as passed. */
export function goldFault(subject: OracleSubject, run: TestRun, settings: Settings): Fault | undefined {
  if (run.passed) return undefined;
  const { image, folder, feature } = subject;
  const before = unended(subject, run, settings);
  if (before !== undefined) return before;
  const said = lastWords(run.output);
  const pull = pullAgain(image, settings.dockerHost);
  if (run.code === 0)
    return {
      found: `CooperBench counts the gold patch of feature ${feature} as failed: the runner ended with 0 but printed no count of passed tests, so every result of this task would count as a failure${said}`,
      remedies: pull,
    };
  return {
    found: `the gold patch of feature ${feature} does not pass its tests: the runner ended with ${run.code}${said}`,
    remedies: [
      { advice: "if a download failed, give the engine's containers a network" },
      { ...restore(folder), when: "if the dataset was changed" },
      pull,
    ],
  };
}

/** What is wrong with the second run with the gold patch; undefined where it passed, or there was none. */
export function againFault(
  subject: OracleSubject,
  run: TestRun | undefined,
  settings: Settings,
): Fault | undefined {
  const fault = run && goldFault(subject, run, settings);
  return (
    fault && {
      ...fault,
      found: `in a container that has already run tests, as a run does for its second feature: ${fault.found}`,
    }
  );
}

/** What is wrong with a run without it, the negative control, which CooperBench must not count as passed. */
export function controlFault(subject: OracleSubject, run: TestRun, settings: Settings): Fault | undefined {
  const { image, folder, feature } = subject;
  if (!run.passed) return unended(subject, run, settings);
  return {
    found: `the tests of feature ${feature} pass without the gold patch, so they prove nothing: CooperBench counts ${run.testsPassed} passed${lastWords(run.output)}`,
    remedies: [
      { ...restore(folder), when: "if the dataset was changed" },
      pullAgain(image, settings.dockerHost),
    ],
  };
}

/** What is wrong with an image in which the evaluation of a cooperating run fails; undefined where it does not. */
export function mergeFault(
  { image, feature }: Pick<OracleSubject, "image" | "feature">,
  output: string | null,
  { dockerHost }: Pick<Settings, "dockerHost">,
): Fault | undefined {
  if (output === null) return undefined;
  return {
    found: `the gold patch of feature ${feature} does not survive the merge of branches that the evaluation of a cooperating run makes in /workspace/repo${lastWords(output)}`,
    remedies: pullAgain(image, dockerHost),
  };
}

/** What is said of an image whose runner is not the dataset's; undefined where it is. */
export function runnerNote(
  { folder }: Pick<OracleSubject, "folder">,
  runner: string | null,
): string | undefined {
  if (runner !== null && runner === runnerId(folder)) return undefined;
  return `its runner.sh is not the dataset's (${runnerFile(folder)}): the two are of different versions`;
}

/** What is said where CooperBench's evaluator could not evaluate. */
export function unevaluated(
  subject: OracleSubject,
  said: Unevaluated,
  { dockerHost }: Pick<Settings, "dockerHost">,
): Fault {
  if ("lost" in said) return { found: withoutControls(said.lost).trim(), remedies: again };
  if (said.error === "elsewhere")
    return {
      found:
        "what the engine starts in a container runs on the machine outside it, as it does if the engine is in a chroot; nothing was run there",
      remedies: { advice: "use an engine that is not in a chroot" },
    };
  const { image, folder, feature } = subject;
  const found = `CooperBench cannot evaluate in it: ${withoutControls(said.error).trim()}`;
  const files = [patches.tests, patches.gold].map((name) => join(featureFolder(folder, feature), name));
  const large = files.find((file) => existsSync(file) && statSync(file).size > LARGEST);
  if (large !== undefined)
    return {
      found: `${found}; ${large} is larger than CooperBench can write into a container (${LARGEST / 1024} KiB)`,
      remedies: restore(folder),
    };
  return /Unicode/.test(said.error)
    ? { found: `${found}; one of its patches is not UTF-8`, remedies: restore(folder) }
    : { found, remedies: pullAgain(image, dockerHost) };
}

/** Bytes of the largest patch that is an argument of a program, in base64, as CooperBench hands it over. */
const LARGEST = (128 * 1024 * 3) / 4;

function lastWords(output: string): string {
  const lines = withoutControls(output).trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  const last = lines.slice(-LAST_CHARACTERS);
  return last === "" ? "\nIt printed nothing." : `\nIts last lines:\n${last}`;
}
