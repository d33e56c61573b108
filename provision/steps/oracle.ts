import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { assertGoesOn } from "../../lib/abort.ts";
import { Problem } from "../../lib/problem.ts";
import { type ContainerClient, type Engine, EngineError, engineAt } from "../engine/client.ts";
import { findImage } from "../engine/images.ts";
import { proxyVariables } from "../engine/proxies.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { withContainer } from "./container.ts";
import { copyIn, copyOut, type Ended, oracleLabel, runnerSpec, runToEnd } from "./oracle-container.ts";
import { digestName } from "./probe.ts";
import { assertDataset, featureFolder, patches, restore, runnerFile } from "./task-dataset.ts";

/** What the oracle of a task needs to know. */
export interface Oracle {
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Image reference; it must be on the engine already. */
  readonly image: string;
  /** Folder of the task in the dataset. */
  readonly folder: string;
  /** Number of the feature whose gold patch and tests are run. */
  readonly feature: number;
  /** What the names of the temporary containers begin with. */
  readonly container: string;
  /** The stack that they are of, as `stackIdentity` has it. */
  readonly stack: string;
  /** Time limit of each of the two runs, in seconds. */
  readonly timeoutSeconds: number;
  /** Bytes of memory that a container may have. */
  readonly memoryBytes: number;
  /** Ends the oracle, its containers removed. Default: never. */
  readonly abort?: AbortSignal;
}

/** One of the three things that an oracle looks at. */
export interface Check {
  /** How long it took. */
  readonly seconds: number;
  /** What is wrong, and what helps; undefined where nothing is. */
  readonly problem?: string;
  /** Why nothing was looked at; undefined where something was. */
  readonly skipped?: string;
}

/** What an oracle looks at: whether the gold patch passes, the tests alone fail, and the runner is the dataset's. */
export const checkKinds = ["gold", "control", "runner"] as const;
export type CheckKind = (typeof checkKinds)[number];

/** What an oracle has found. */
export interface OracleReport {
  readonly image: string;
  /** Id of the image on the engine. */
  readonly imageId: string;
  /** Digest in the registry, as `repository@sha256:…`; empty where it came from none. */
  readonly digest: string;
  readonly feature: number;
  readonly checks: Readonly<Record<CheckKind, Check>>;
}

/** What an oracle that passed has found. */
export interface OracleResult extends Omit<OracleReport, "checks"> {
  /** How long the tests took with the gold patch. */
  readonly goldSeconds: number;
  /** How long they took without it. */
  readonly controlSeconds: number;
}

const RUNNER = "/usr/local/bin/runner.sh";
const PATCHES = "/patches";

/**
 * As `runOracle`, for whom nothing but a pass will do.
 *
 * @throws a Problem that names image, cause and remedy of everything that is wrong.
 */
export async function oracle(oracle: Oracle): Promise<OracleResult> {
  const { checks, ...found } = await runOracle(oracle);
  const problems = checkKinds.flatMap((kind) => checks[kind].problem ?? []);
  if (problems.length > 0) throw new Problem(problems.join("\n"));
  return { ...found, goldSeconds: checks.gold.seconds, controlSeconds: checks.control.seconds };
}

/**
 * Runs the tests of a feature in containers of the image, as the benchmark's evaluation does: with the gold patch,
 * which must pass, and without it, which must fail; and compares the image's runner with the dataset's. The containers
 * are gone afterwards, however it ends.
 *
 * @throws a Problem where nothing could be run.
 */
export async function runOracle(oracle: Oracle): Promise<OracleReport> {
  const { image, folder, feature } = oracle;
  assertGoesOn(oracle.abort);
  const engine = engineAt(oracle.dockerHost);
  const found = await findImage(engine, image);
  if (found === undefined)
    throw failure(image, "it is not on the engine; pull it by an update (./machine up STACK)");
  try {
    assertDataset(folder, feature);
  } catch (error) {
    throw failure(image, (error as Error).message);
  }
  const pinned = { ...oracle, engine, id: found.id };
  try {
    const { runner, gold } = await inContainer(
      pinned,
      "gold",
      [patches.tests, patches.gold],
      async (made) => ({
        runner: await compareRunners(oracle, made),
        gold: await runPatched(pinned, made),
      }),
    );
    const control: Check =
      gold.code === undefined
        ? { seconds: 0, skipped: "the run with the gold patch did not end by itself" }
        : await inContainer(pinned, "control", [patches.tests], async (made) =>
            checkOf(oracle, await runPatched(pinned, made), controlFault),
          );
    return {
      image,
      imageId: found.id,
      digest: digestName(image, found.digests),
      feature,
      checks: { gold: checkOf(oracle, gold, goldFault), control, runner },
    };
  } catch (error) {
    const isTold = error instanceof Problem || error instanceof EngineError;
    throw isTold ? failure(image, (error as Error).message) : error;
  }
}

interface Pinned extends Oracle {
  readonly engine: Engine;
  /** Id of the image: what was looked at is what runs, though its tag may move. */
  readonly id: string;
}

/** Creates a container, has it used, and removes it however that ends, an abort among it. */
function inContainer<T>(
  { engine, dockerHost, id, container, stack, memoryBytes, abort }: Pinned,
  kind: CheckKind,
  args: readonly string[],
  use: (made: ContainerClient) => Promise<T>,
): Promise<T> {
  const identity = { name: temporaryName(`${container}-${kind}`), label: oracleLabel, stack };
  const spec = runnerSpec(id, args, memoryBytes, proxyVariables(dockerHost));
  return withContainer(engine, identity, spec, abort, use);
}

async function runPatched({ folder, feature, timeoutSeconds }: Pinned, made: ContainerClient) {
  // Copied, not mounted: the engine may be on another machine, which has no such folder.
  const from = featureFolder(folder, feature);
  const files = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isFile());
  const contents = files.map(
    async ({ name }) => [`${PATCHES}/${name}`, await readFile(join(from, name))] as const,
  );
  await copyIn(made, new Map(await Promise.all(contents)));
  return runToEnd(made, timeoutSeconds);
}

type Fault = (oracle: Oracle, ended: Ended) => string | undefined;

function checkOf(oracle: Oracle, ended: Ended, faultOf: Fault): Check {
  const fault = unended(oracle, ended) ?? faultOf(oracle, ended);
  const { seconds } = ended;
  return fault === undefined ? { seconds } : { seconds, problem: failure(oracle.image, fault).message };
}

async function compareRunners({ image, folder }: Oracle, made: ContainerClient): Promise<Check> {
  const started = performance.now();
  const runner = await copyOut(made, RUNNER);
  const fault =
    runner === undefined
      ? `it has no ${RUNNER}; ${pullAnew(image)}`
      : runner.equals(await readFile(runnerFile(folder)))
        ? undefined
        : `its runner.sh is not the dataset's (${runnerFile(folder)}), so that one of them is of another version; ${pullAnew(image)}, or check out the dataset that the image is of (cooperbenchCommit)`;
  const seconds = Math.round(performance.now() - started) / 1000;
  return fault === undefined ? { seconds } : { seconds, problem: failure(image, fault).message };
}

/** What is wrong with any run that the runner did not end with a word on its tests; undefined where it did. */
export function unended({ image, timeoutSeconds, feature }: Oracle, ended: Ended): string | undefined {
  const { code, outOfMemory } = ended;
  const run = `the runner of feature ${feature}`;
  if (code === undefined) {
    return `${run} did not end within ${timeoutSeconds} s and was removed; if the machine or its network is only slow, raise smokeTimeoutSeconds${said(ended)}`;
  }
  if (outOfMemory)
    return `${run} was out of memory (exit code ${code}); use a machine with more of it${said(ended)}`;
  if (code > 128) return `${run} was killed by signal ${code - 128}; run it again${said(ended)}`;
  // What shells and Docker say of a program that they could not run.
  if (code >= 125 && code <= 127)
    return `${run} could not run a program (exit code ${code}), as in an image that is damaged; ${pullAnew(image)}${said(ended)}`;
  return undefined;
}

/** What is wrong with a run with the gold patch. */
export const goldFault: Fault = ({ image, folder, feature }, ended) =>
  ended.code === 0
    ? undefined
    : `the gold patch of feature ${feature} does not pass its tests: the runner ended with ${ended.code}, want 0; where a download has failed, mend the engine's network; else ${restore(folder)}, or ${pullAnew(image)}${said(ended)}`;

/** What is wrong with a run without it, the negative control. */
export const controlFault: Fault = ({ image, folder, feature }, ended) =>
  ended.code !== 0
    ? undefined
    : `the tests of feature ${feature} pass without the gold patch, so that they prove nothing: the runner ended with 0, want a failure; ${restore(folder)}, or ${pullAnew(image)}${said(ended)}`;

function said({ lastLines }: Ended): string {
  return lastLines === "" ? "\nIt printed nothing." : `\nIts last lines:\n${lastLines}`;
}

function pullAnew(image: string): string {
  return `remove the image (docker rmi ${image}) and run the update again to pull it anew`;
}

function failure(image: string, fault: string): Problem {
  return new Problem(`${image} failed its oracle: ${fault}`);
}
