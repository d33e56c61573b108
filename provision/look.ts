/**
 * What is on the machine right now, asked once and at the same time. It judges nothing: the program's drift, the doctor and
 * the status of a machine are three judgements of one look (checks/).
 */
import { join } from "node:path";
import type { SubsetTask } from "../benchmark/smoke-subset.ts";
import type { Environment } from "../lib/environment.ts";
import { type Known, known, within } from "../lib/known.ts";
import type { RedisAddress } from "../lib/redis-address.ts";
import type { Fault as FileFault } from "../lib/remedy.ts";
import { askEngine, type EngineFacts } from "./engine/ask.ts";
import { type GitFacts, lookAtGit } from "./engine/existing-git.ts";
import { lookAtRedis, type RedisFacts } from "./engine/existing-redis.ts";
import type { EngineHost } from "./engine/host.ts";
import { type OwnedThing, othersIn } from "./ownership/folder-owners.ts";
import type { Owner } from "./ownership/owner.ts";
import { headIn, headOfUsers, inspectCheckout } from "./steps/checkout/inspect.ts";
import { type DotenvSeen, inspectDotenv, misreadInWords, refusedDotenv } from "./steps/dotenv.ts";
import { otherSettings, type RouteFault, routeFault, writtenVariables } from "./steps/route-drift.ts";
import { type RunSeen, variablesOfRun } from "./steps/run-settings.ts";
import { inspectSubset, refusedSubset } from "./steps/subset.ts";
import { inspectVenv } from "./steps/venv/fault.ts";

/** What a stack wants of its machine, as far as it can be looked at. */
export interface Wanted {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** What it was taken from, and what a reader should know of that. Default: nothing is said of it. */
  readonly engine?: Omit<EngineHost, "host"> | undefined;
  /** Where Redis is to answer; undefined where none is wanted. */
  readonly redis: RedisAddress | undefined;
  /** Whether a git server is wanted. */
  readonly git: boolean;
  /** Absolute folder of the checkout. */
  readonly folder: string;
  /** Python of the environment, such as 3.12 or >=3.10. */
  readonly pythonVersion: string;
  /** Base URL of the model's API. */
  readonly modelApiBase: string;
  /** Key of the model; undefined where it is not known: then the one that the `.env` has counts as right. */
  readonly cohereApiKey: string | undefined;
  /** Tasks of the smoke run's subset. */
  readonly smoke: readonly SubsetTask[];
}

/** What is wrong with something, in words without a secret; undefined where nothing is. */
export type Fault = Known<string | undefined>;

/** A machine as it is. */
export interface Look {
  readonly wanted: Wanted;
  readonly engine: Known<EngineFacts>;
  /** What is where Redis is to be; undefined where none is wanted. */
  readonly redis: Known<RedisFacts> | undefined;
  /** What is there of the git server; undefined where none is wanted. */
  readonly git: Known<GitFacts> | undefined;
  /** What in the checkout's folder is another stack's. */
  readonly others: Known<readonly OwnedThing[]>;
  /** Commit that the checkout is at, as its files say; undefined where they say none. */
  readonly head: Known<string | undefined>;
  /** The same of a checkout that is the user's; undefined for another. */
  readonly headOfUsers: Known<string | undefined>;
  readonly checkout: Fault;
  /** Of the environment at first sight: no program is run. */
  readonly venv: Fault;
  /** Of the `.env` and the settings in it. */
  readonly dotenv: Fault;
  /** Which bytes the `.env` has; undefined where that is not known. */
  readonly dotenvBytes: Omit<DotenvSeen, "fault"> | undefined;
  /** What leads a run's calls of the model elsewhere. */
  readonly route: Known<RouteFault | undefined>;
  /** What else decides what a run does, each with its place. */
  readonly otherSettings: Known<readonly string[]>;
  /** Of the smoke run's subset. */
  readonly subset: Fault;
  /** The user's files where an update would write its own, whosever the rest of the folder is. */
  readonly refused: Known<readonly FileFault[]>;
}

/**
 * Looks at a machine. Changes nothing, starts nothing but python-dotenv where a `.env` may say something new, never
 * throws, and ends in time: what has not answered by then is not known.
 *
 * @param limitMs for all of it. Default: 10 s (lib/known.ts).
 * @param environment variables that a run would have. Default: this process's.
 */
export async function lookAt(
  wanted: Wanted,
  limitMs?: number,
  environment: Environment = process.env,
): Promise<Look> {
  const { owner, dockerHost, folder } = wanted;
  const ask: Ask = (question) => within(limitMs, question);
  const { redis } = wanted;
  const [engine, redisThere, git, others, head, headUsers, checkout, venv, ofRun, subset, refused] =
    await Promise.all([
      askEngine(dockerHost, limitMs),
      redis && ask(() => lookAtRedis(dockerHost, owner, redis)),
      wanted.git ? ask(() => lookAtGit(dockerHost)) : undefined,
      ask(() => othersIn(folder, owner)),
      ask(() => headIn(folder)),
      ask(() => headOfUsers(folder)),
      ask(() => inspectCheckout(folder)),
      ask(() => inspectVenv(folder, wanted.pythonVersion, owner)),
      lookAtRun(wanted, ask, environment),
      ask(() => inspectSubset(folder, owner, wanted.smoke)),
      ask(() =>
        [refusedDotenv(join(folder, ".env")), refusedSubset(folder, owner)].filter(
          (one) => one !== undefined,
        ),
      ),
    ]);
  return {
    ...{ wanted, engine, redis: redisThere, git, others, head, headOfUsers: headUsers },
    ...{ checkout, venv, ...ofRun, subset, refused },
  };
}

type Ask = <Value>(question: (abort: AbortSignal) => Value | Promise<Value>) => Promise<Known<Value>>;

/** The `.env` of a run, and what the run has of it and beside it. */
async function lookAtRun(
  { folder, owner, dockerHost, modelApiBase, cohereApiKey }: Wanted,
  ask: Ask,
  environment: Environment,
): Promise<Pick<Look, "dotenv" | "dotenvBytes" | "route" | "otherSettings">> {
  const there = await ask(() => {
    const variables = writtenVariables(folder, owner, modelApiBase, cohereApiKey);
    return { variables, seen: inspectDotenv(join(folder, ".env"), owner, variables) };
  });
  if ("unknown" in there)
    return { dotenv: there, dotenvBytes: undefined, route: there, otherSettings: there };
  const { variables, seen } = there.value;
  const run = await ask((abort) =>
    variablesOfRun(folder, seen, variables, { DOCKER_HOST: dockerHost }, environment, abort),
  );
  return {
    dotenv: dotenvFault(seen, variables.COHERE_API_KEY === "", run),
    dotenvBytes: {
      hash: seen.hash,
      read: seen.read,
      // A block that python-dotenv does not read as it was written may go to another place.
      written: "value" in run && run.value.own?.other.length ? undefined : seen.written,
    },
    route: "unknown" in run ? run : known(routeFault(folder, variables, run.value)),
    otherSettings: "unknown" in run ? run : known(otherSettings(run.value)),
  };
}

function dotenvFault({ fault }: DotenvSeen, hasNoKey: boolean, run: Known<RunSeen>): Fault {
  if (fault !== undefined) return known(fault);
  if (hasNoKey) return known("it has no key");
  if ("unknown" in run) return run;
  const { own } = run.value;
  return known(own === null ? undefined : misreadInWords(own));
}

/** What is wrong with something, or that it is not known; undefined where nothing is. */
export function faultIn(fault: Fault): string | undefined {
  return "unknown" in fault
    ? `it is not known, because it cannot be looked at (${fault.unknown})`
    : fault.value;
}
