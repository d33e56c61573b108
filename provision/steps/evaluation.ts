/** Evaluations of gold patches by the installed CooperBench's own evaluator, in temporary containers. */
import { existsSync } from "node:fs";
import { evaluationSeconds } from "../../benchmark/capacity.ts";
import { newestVersion } from "../../benchmark/known-faults.ts";
import { assertGoesOn } from "../../lib/abort.ts";
import { Problem } from "../../lib/problem.ts";
import { type Fault, machine } from "../../lib/remedy.ts";
import { run } from "../../lib/run.ts";
import { engineAt } from "../engine/client.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { newEnvironment } from "../remedies.ts";
import { labelsOf, removeContainer, type TemporaryContainer } from "./container.ts";
import { programAt, venvPython, venvPythonOptions } from "./venv-python.ts";

/** Label of every container of an evaluation; its value is the container's name. */
export const oracleLabel = "cooperbench-machine.oracle";

/** Seconds that evaluations have to take their containers away, after an abort. */
const ENDING_SECONDS = 20;

/** A feature whose gold patch is evaluated. */
export interface Evaluated {
  /** Id of the image: what was looked at is what runs, though its tag may move. */
  readonly imageId: string;
  /** Files of the feature's tests and of its gold patch. */
  readonly tests: string;
  readonly gold: string;
  /** What the names of the containers begin with. */
  readonly container: string;
}

/** Where and how evaluations run. */
export interface EvaluationSettings {
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Absolute folder of the checkout, whose environment has the evaluator. */
  readonly checkout: string;
  /** The stack that the containers are of, as `stackIdentity` has it. */
  readonly stack: string;
  /** How many features are evaluated at the same time. */
  readonly atOnce: number;
  /** Time limit of each run of a feature's tests, in seconds; one above `evaluationSeconds` counts as that. */
  readonly timeoutSeconds: number;
  /** Bytes of memory that a container may have. */
  readonly memoryBytes: number;
  /** Ends the evaluations, their containers removed. Default: never. */
  readonly abort?: AbortSignal | undefined;
}

/** How CooperBench judges one run of a feature's tests. */
export interface TestRun {
  /** What CooperBench counts: an exit code of 0, and passed tests in the output. */
  readonly passed: boolean;
  /** Exit code; -1 where the time limit ended it, as CooperBench has it. */
  readonly code: number;
  /** Tests that CooperBench's parser finds in the output. */
  readonly testsPassed: number;
  readonly testsFailed: number;
  readonly timedOut: boolean;
  readonly outOfMemory: boolean;
  readonly seconds: number;
  /** The end of what it has printed. */
  readonly output: string;
}

/** What became of a feature's evaluation. */
export interface Evaluation {
  /** The tests with the gold patch, in a new container. */
  readonly gold: TestRun;
  /** The same again, in a container that has tested before; undefined where one of the others decides. */
  readonly again?: TestRun;
  /** Id that git gives the image's runner.sh as a file; null where it has none. */
  readonly runner: string | null;
  /** What was printed where the evaluation of a cooperating run does not get through with the patch; null where it does. */
  readonly merge: { readonly fault: string | null };
  /** The tests without it; undefined where the run with it did not end by itself. */
  readonly control?: TestRun;
}

/** Why a feature could not be evaluated: what the evaluator said, or that it said nothing. */
export type Unevaluated = { readonly error: string } | { readonly lost: string };

/** A line of run_oracle.py. */
type Line =
  | { readonly OtherVersion: string }
  | { readonly Broken: string }
  | { readonly engine: string }
  | { readonly index: number; readonly started: true }
  | ({ readonly index: number } & (Evaluation | Unevaluated));

/**
 * Evaluates features, some at a time, in one process of the checkout's environment.
 *
 * @param progress told now and then how many are done and how many are under way.
 * @throws a Problem where none can be evaluated, or it was aborted.
 */
export async function evaluate(
  features: readonly Evaluated[],
  settings: EvaluationSettings,
  progress: (done: number, running: number) => void = () => {},
): Promise<readonly (Evaluation | Unevaluated)[]> {
  const { checkout, dockerHost, abort, atOnce, memoryBytes } = settings;
  assertGoesOn(abort);
  if (features.length === 0) return [];
  const python = venvPython(checkout);
  if (!existsSync(python)) {
    throw new Problem(
      `there is no ${python}, which would run CooperBench's evaluation`,
      machine("up", "STACK"),
    );
  }
  const containers = features.map(({ container }) =>
    ["merged", "solo"].map((kind) => containerOf(`${container}-${kind}`, settings.stack)),
  );
  const results = new Map<number, Evaluation | Unevaluated>();
  let running = 0;
  let none: Fault | undefined;
  const hear = (text: string) => {
    const line = lineOf(text);
    if (line === undefined) return;
    if ("OtherVersion" in line) none = otherVersion(line.OtherVersion);
    else if ("Broken" in line) none = broken(checkout, line.Broken);
    else if ("engine" in line) none = unasked(dockerHost, line.engine);
    else if ("started" in line) running++;
    else {
      running--;
      results.set(line.index, line);
    }
    progress(results.size, running);
  };
  const { stderr, ending } = await run(python, [programAt("run_oracle.py")], {
    ...venvPythonOptions(checkout, dockerHost),
    // Out of reach of a terminal's interrupt, for it has containers to take away.
    ownSession: true,
    ...(abort && { abort }),
    patienceSeconds: ENDING_SECONDS,
    onLine: hear,
    input: JSON.stringify({
      features: features.map(({ imageId, tests, gold }, index) => ({
        ...{ image: imageId, tests, gold },
        containers: containers[index],
      })),
      ...{ atOnce, memoryBytes, timeoutSeconds: Math.min(settings.timeoutSeconds, evaluationSeconds) },
    }),
  });
  const isWhole = results.size === features.length;
  if (!isWhole) {
    // It removes its own, unless it was killed.
    const engine = engineAt(dockerHost, ENDING_SECONDS * 1000);
    await Promise.allSettled(containers.flat().map((container) => removeContainer(engine, container)));
  }
  assertGoesOn(abort);
  if (none !== undefined) throw new Problem(none.found, none.remedies);
  const lost = { lost: `its evaluation ${ending} without a message: ${stderr.trim().slice(-2000)}` };
  return features.map((_, index) => results.get(index) ?? lost);
}

function containerOf(prefix: string, stack: string) {
  const container: TemporaryContainer = { name: temporaryName(prefix), label: oracleLabel, stack };
  return { ...container, labels: labelsOf(container) };
}

/** What a line says; undefined for what a package prints. */
function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function broken(checkout: string, reason: string): Fault {
  return {
    found: `CooperBench's evaluator does not load (${reason}): the environment or the checkout is damaged`,
    remedies: [
      { command: ["git", "-C", checkout, "status"], when: "to see whether the checkout was changed" },
      newEnvironment(checkout),
    ],
  };
}

function unasked(dockerHost: string, reason: string): Fault {
  return {
    found: `docker-py cannot ask the engine ${dockerHost}: ${reason}`,
    remedies: { advice: "start the engine, then run it again" },
  };
}

function otherVersion(reason: string): Fault {
  return {
    found: `the installed CooperBench evaluates in an unknown way (${reason}), as 0.0.3 to 0.0.29 do not`,
    remedies: {
      ...machine("set", "STACK", "cooperbenchVersion", newestVersion),
      when: "to use the newest known version",
    },
  };
}
