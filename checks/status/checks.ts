import { callUrl } from "../../benchmark/model.ts";
import { addressOf, type RedisAddress } from "../../lib/redis-address.ts";
import { each, type Fault, machine, type Remedies, type Remedy } from "../../lib/remedy.ts";
import { pong } from "../../provision/engine/redis-ping.ts";
import { hashWord } from "../../provision/steps/dotenv.ts";
import { shapeWord } from "../../provision/steps/task-dataset.ts";
import type { VerificationResult } from "../../provision/steps/verification.ts";
import { blocker, type Level, ok, shown, warning } from "../finding.ts";
import { type ImageState, type ImageStatus, several, withOracle } from "./images.ts";
import {
  faultOf,
  firstLine,
  installedIn,
  type Proof,
  reasonOf,
  resultOf,
  type StackState,
  wasInterrupted,
} from "./proofs.ts";
import type { Failure, RecordedCommandLine } from "./record.ts";

/** A finding's level, or `off` for something that the stack's settings do not ask for. */
export type Mark = Level | "off";

/** What one check has found. */
export interface StatusCheck {
  /** Short stable name of the check, such as `images`. */
  readonly check: string;
  readonly level: Mark;
  /** One sentence, figures with their units. */
  readonly found: string;
  /** What helps, or changes it, as it is shown; undefined where all is well. */
  readonly remedy?: string | undefined;
  /** The same, for programs: one of these does it. */
  readonly remedies: readonly Remedy[];
  /** When what it tells of was last proved, in ISO 8601; undefined for what is seen right now. */
  readonly provedAt?: string | undefined;
}

function off(check: string, found: string, remedies: Remedies): StatusCheck {
  return { check, level: "off", found, ...shown(remedies) };
}

/** The command that mends most. */
const up = (stack: string) => machine("up", stack);

/** The command that asks again what it has found to be wrong, and says what helps where it still is. */
const askAgain = (stack: string) => machine("verify", stack);

/** It was never made, or the state that has it cannot be read. */
const noProof = "it has no known proof";

/** How the stack's last operation ended. */
export function operationCheck(
  stack: string,
  { last, unread, remedies, underway, recorded }: Omit<StackState, "proofs">,
): StatusCheck {
  const check = "update";
  if (unread !== undefined)
    return blocker(
      check,
      `Pulumi's state cannot be read, so the proofs are not known: ${unread}`,
      remedies ?? { ...machine("pulumi", "stack", "--stack", stack), when: "to have Pulumi read it" },
    );
  const isMade = last !== undefined && !(last.kind === "destroy" && last.result === "succeeded");
  if (underway !== undefined) return isMade ? underway : { ...underway, level: "blocker" };
  if (last === undefined) return blocker(check, "there was none yet", up(stack));
  if (last.kind === "destroy" && last.result === "succeeded")
    return blocker(check, "the stack was destroyed", up(stack));
  if (wasInterrupted(last, recorded))
    return {
      ...warning(check, "the last update was interrupted", { ...up(stack), when: "to go on with it" }),
      provedAt: last.endedAt,
    };
  const reason = reasonOf(last, recorded);
  const found = `the last ${last.kind} ${last.result}${reason === undefined ? "" : `: ${reason}`}`;
  const updateAgain = (why?: string) =>
    why === undefined ? { ...up(stack), when: "to see why" } : up(stack);
  const level =
    last.result === "succeeded"
      ? ok(check, found)
      : warning(check, found, last.kind === "destroy" ? destroyOrKeep(stack) : updateAgain(reason));
  return { ...level, provedAt: last.endedAt };
}

/** Of a destroy that has left something. */
function destroyOrKeep(stack: string): Remedies {
  return [
    { ...machine("destroy", stack), when: "to remove what is left" },
    { ...machine("up", stack), when: "to make all of it again" },
  ];
}

const stateWords: readonly (readonly [ImageState, string])[] = [
  ["missing", "missing"],
  ["failed", "failed their last probe"],
  ["unproved", "without a known proof"],
  ["changed", "changed since their proof"],
  ["other", "not what the lock says now"],
];

/** What helps where the state could not be read, so that no proof is known: what it is said with. */
const seeUpdate: Remedy = { advice: "see what helps the update" };

/**
 * Whether each image is there as it was proved.
 *
 * @param isRead whether the state could be read, which has the proofs. Default: true.
 */
export function imagesCheck(stack: string, images: readonly ImageStatus[], isRead = true): StatusCheck {
  const of = (state: ImageState) => images.filter((image) => image.state === state);
  const proved = images.flatMap((image) => image.provedAt ?? []);
  const provedAt = oldest(proved);
  const counted = (number: number) => `${number}/${images.length}`;
  if (of("unseen").length > 0) {
    const known = isRead ? `${counted(proved.length)} were proved` : "what was proved is not known";
    const found = `${known}; the images cannot be seen now`;
    return { ...blocker("images", found, { advice: "see what helps the engine" }), provedAt };
  }
  if (!isRead) {
    const found = `${counted(images.length - of("missing").length)} are there; whether they are as they were proved is not known`;
    return blocker("images", found, seeUpdate);
  }
  const unlocked = images.filter(({ isLocked }) => !isLocked).length;
  const good = of("proved").length;
  const wrong = stateWords.flatMap(([state, words]) => {
    const names = of(state).map(({ task }) => task);
    return names.length === 0 ? [] : [`${names.length} ${words}: ${several(names)}`];
  });
  const found = [
    `${counted(good)} are there as they were proved`,
    ...(unlocked > 0 ? [`${unlocked} not locked`] : []),
    ...wrong,
  ].join("; ");
  // What verify has found is none of the update's to ask again.
  const bad = images.filter(({ state }) => state !== "proved");
  const isVerifys = ({ failedIn }: ImageStatus) => failedIn === "verify";
  const remedy: Remedies = bad.every(isVerifys)
    ? askAgain(stack)
    : bad.some(isVerifys)
      ? [up(stack), { ...askAgain(stack), when: "and after that" }]
      : up(stack);
  return { ...(wrong.length === 0 ? ok("images", found) : blocker("images", found, remedy)), provedAt };
}

/** Of times in ISO 8601. */
function oldest(times: readonly string[]): string | undefined {
  return times.toSorted().at(0);
}

/** What is seen of the CooperBench command line. */
export interface CliFacts {
  readonly stack: string;
  /** Absolute folder of the checkout. */
  readonly folder: string;
  /** What is wrong with checkout or environment at first sight; undefined where nothing is. */
  readonly wrong: string | undefined;
  /** Commit that the checkout is at now; undefined where that cannot be told. */
  readonly commit: string | undefined;
  /** Commit that the settings want; undefined where they name a version, and its commit is not known. */
  readonly wantedCommit: string | undefined;
  /** Version that the settings want. Default: none. */
  readonly wantedVersion?: string | undefined;
  /** When the environment last changed, as far as that is known. */
  readonly environment: string | undefined;
  readonly subset: string;
  /** Names of the tasks that it is to see. */
  readonly tasks: readonly string[];
  /** What names the files of the dataset now; undefined where that is not known. */
  readonly dataset: string | undefined;
  /** Files of its source that are not the commit's. */
  readonly changedSources: readonly string[];
  readonly proof: Proof | undefined;
  /** An update's failure to prove it. */
  readonly failed?: Failure | undefined;
  /** What `verify` has found. */
  readonly recorded?: RecordedCommandLine | undefined;
}

/** Whether the command line is there as it was proved. */
export function cliCheck(facts: CliFacts): StatusCheck {
  const { stack, folder, wrong, commit, wantedCommit, wantedVersion, failed, recorded } = facts;
  const check = "cooperbench";
  if (wrong !== undefined) return blocker(check, wrong, up(stack));
  const verified = recorded && verifiedCli(recorded);
  const isOfThere = verified !== undefined && faultOf(verified, cliInputs(verified, facts)) === undefined;
  const known = [facts.proof, recorded?.problem === undefined ? verified : undefined];
  const judged = known
    .filter((proof) => proof !== undefined)
    .toSorted((a, b) => (a.provedAt < b.provedAt ? 1 : -1))
    .map((proof) => ({ proof, fault: faultOf(proof, cliInputs(proof, facts), failed) }));
  const { proof, fault } = judged.find((one) => one.fault === undefined) ?? judged[0] ?? {};
  const proved = resultOf<VerificationResult>(proof);
  if (recorded?.problem !== undefined && isOfThere && recorded.at > (proof?.provedAt ?? ""))
    return blocker(check, firstLine(recorded.problem), askAgain(stack));
  if (proof === undefined || proved === undefined)
    return blocker(check, failed ? firstLine(failed.problem) : noProof, up(stack));
  const { provedAt } = proof;
  if (fault !== undefined) return { ...blocker(check, `${folder}: ${fault}`, up(stack)), provedAt };
  const found = `${proved.version} at commit ${commit?.slice(0, 12) ?? "unknown"}, Python ${proved.pythonVersion}, in ${folder}`;
  const isOther = commit !== undefined && wantedCommit !== undefined && commit !== wantedCommit;
  const { changedSources: changed } = facts;
  if (changed.length > 0)
    return {
      ...warning(
        check,
        `${found}; of its source ${changed.length === 1 ? "a file is" : `${changed.length} files are`} not as in the commit: ${several(changed)}`,
        [
          { command: ["git", "-C", folder, "diff", "HEAD", "--", "src"], when: "to see it" },
          { command: ["git", "-C", folder, "checkout", "HEAD", "--", "src"], when: "to undo it" },
        ],
      ),
      provedAt,
    };
  if (wantedVersion !== undefined && wantedVersion !== proved.version)
    return {
      ...warning(check, `${found}; the setting cooperbenchVersion is ${wantedVersion}`, up(stack)),
      provedAt,
    };
  return {
    ...(isOther
      ? warning(check, `${found}; the wanted commit is ${wantedCommit.slice(0, 12)}`, [
          { ...machine("set", stack, "cooperbenchCommit", commit), when: "to stay at this one" },
          { command: ["git", "-C", folder, "checkout", wantedCommit], when: "to go to the wanted one" },
        ])
      : ok(check, found)),
    provedAt,
  };
}

/** What `verify` has found of the command line, as a proof. */
function verifiedCli({ at, folder, subset, tasks, ...found }: RecordedCommandLine): Proof {
  const { commit, environment, dataset, ...result } = found;
  const of = [commit, environment, dataset].filter((word) => word !== undefined);
  return { provedAt: at, request: { folder, subset, tasks }, of, result };
}

function cliInputs({ request, of }: Proof, now: CliFacts): Parameters<typeof faultOf>[1] {
  return [
    ["the folder", request.folder, now.folder],
    ["commit", of.find((word) => /^[0-9a-f]{40,64}$/.test(word)), now.commit],
    // "before" stands for one that is the user's (provision/steps/venv/make.ts).
    ["environment", of.find((word) => /^(before$|\d{4}-\d\d-\d\dT)/.test(word)), now.environment],
    ["subset", request.subset, now.subset],
    ["choice of tasks", request.tasks, now.tasks],
    ["dataset", of.find((word) => word.startsWith(shapeWord)), now.dataset],
  ];
}

/** Whether the `.env` of a run has the stack's settings and a key; `wrong` is what is not as configured. */
export function credentialsCheck(stack: string, file: string, wrong: string | undefined): StatusCheck {
  return wrong === undefined
    ? ok("credentials", `key and settings are in ${file}, for its owner alone`)
    : blocker("credentials", `${file}: ${wrong}`, up(stack));
}

/** What is seen of the model's route. */
export interface RouteFacts {
  readonly stack: string;
  /** Absolute folder of the checkout. */
  readonly folder: string;
  readonly modelApiBase: string;
  /** Model under test. */
  readonly model: string;
  /** What overrides the route right now; undefined where nothing does. */
  readonly overridden: Fault | undefined;
  /** What is wrong with the `.env`, which a run reads first; undefined where nothing is. */
  readonly dotenvFault?: string | undefined;
  /** What names the bytes of the `.env` now; undefined where that is not known. */
  readonly dotenvHash?: string | undefined;
  /** What names commit and environment now; undefined where that is not known. */
  readonly installed?: string | undefined;
  readonly proof: Proof | undefined;
  /** An update's failure to prove it. */
  readonly failed?: Failure | undefined;
}

/** Whether a run's calls go where they are configured to. */
export function routeCheck({ stack, overridden, proof, failed, ...now }: RouteFacts): StatusCheck {
  const provedAt = proof?.provedAt;
  if (overridden !== undefined) {
    const mend: Remedies = [...each(overridden.remedies), { ...up(stack), when: "and after that" }];
    return { ...blocker("route", overridden.found, mend), provedAt };
  }
  if (proof === undefined) return blocker("route", failed ? firstLine(failed.problem) : noProof, up(stack));
  const { request, of } = proof;
  // A proof of old is of no such hash.
  const provedHash = of.find((word) => word.startsWith(hashWord))?.slice(hashWord.length);
  const fault = faultOf(
    proof,
    [
      ["the folder", request.folder, now.folder],
      ["base URL", request.modelApiBase, now.modelApiBase],
      ["model", request.model, now.model],
      ["commit or environment", installedIn(proof), now.installed],
    ],
    failed,
  );
  if (fault !== undefined) return { ...blocker("route", fault, up(stack)), provedAt };
  if (now.dotenvFault !== undefined)
    return {
      ...blocker("route", `it was proved with another .env: ${now.dotenvFault}`, up(stack)),
      provedAt,
    };
  if (provedHash !== undefined && now.dotenvHash !== undefined && provedHash !== now.dotenvHash)
    return { ...blocker("route", "the .env has changed since the proof", up(stack)), provedAt };
  return { ...ok("route", `a run asks ${callUrl(now.modelApiBase)}`), provedAt };
}

/** What is seen of the services of cooperating agents. */
export interface ServicesFacts {
  readonly redis: RedisAddress;
  /** What answered a PING there; undefined for nothing. */
  readonly answer: string | undefined;
  /** What is in the way of Redis, or why it is not ready though it is there, and what helps; undefined for nothing. */
  readonly trouble?: Fault | undefined;
  /** State of the git server's container: `running`, another word, or `missing`; undefined where none is wanted. */
  readonly git: string | undefined;
  /** What names commit and environment, whose clients prove the services; undefined where that is not known. */
  readonly installed?: string | undefined;
  /** The services that answer now, by what names them: their containers' ids, or the id of a run. Default: not known. */
  readonly there?: readonly string[];
  readonly proof: Proof | undefined;
  /** An update's failure to prove them. */
  readonly failed?: Failure | undefined;
}

/** Whether the services run, and have been proved; the facts are undefined where the stack has none. */
export function servicesCheck(stack: string, facts: ServicesFacts | undefined): StatusCheck {
  const check = "services";
  if (facts === undefined) {
    return off(check, "off (coop: false)", machine("set", stack, "coop", "true"));
  }
  const { redis, answer, trouble, git, proof, installed, there = [], failed } = facts;
  // Before its first start a rehearsal has chosen none.
  const hasPort = redis.port !== 0;
  const fault =
    proof &&
    faultOf(
      proof,
      [
        ["address of Redis", proof.request.redis, hasPort ? addressOf(redis) : undefined],
        ["commit or environment", installedIn(proof), installed],
        ...there.map((id) => ["service", proof.of.includes(id) ? id : proof.of.join(" "), id] as const),
      ],
      failed,
    );
  const wrong = [
    ...(answer === pong
      ? []
      : [trouble?.found ?? (hasPort ? `no Redis answers at ${addressOf(redis)}` : "there is no Redis yet")]),
    ...(git === undefined || git === "running" ? [] : [`the git server is ${git}`]),
    ...(proof === undefined ? [failed ? firstLine(failed.problem) : "they have no known proof"] : []),
    ...(fault === undefined ? [] : [fault]),
  ];
  const found =
    wrong.length > 0
      ? wrong.join("; ")
      : `Redis answers at ${addressOf(redis)}${git === undefined ? "" : "; the git server runs"}`;
  return {
    ...(wrong.length > 0 ? blocker(check, found, trouble?.remedies ?? up(stack)) : ok(check, found)),
    provedAt: proof?.provedAt,
  };
}

/** How long a proof by the oracle counts, and as of when. */
export interface OracleAge {
  /** In ISO 8601. */
  readonly at: string;
  readonly maxDays: number;
}

const dayMs = 24 * 3600 * 1000;

/**
 * Whether gold patches have passed in the images that are there, of the wanted tasks and of those that `oracle` has run. An
 * old proof is in no run's way: a runner installs what is not pinned, so that it may say less by now.
 *
 * @param isRead whether the state could be read, which has the proofs. Default: true.
 */
export function oracleCheck(
  stack: string,
  images: readonly ImageStatus[],
  { at, maxDays }: OracleAge,
  isRead = true,
): StatusCheck {
  const check = "oracle";
  const wanted = withOracle(images);
  if (wanted.length === 0) {
    const once = images.filter(({ oracle }) => oracle !== undefined);
    const [first] = once.map(({ oracle }) => oracle?.fault);
    const found =
      once.length === 0
        ? "none was run (oracleTasks: 0)"
        : `it was run for ${several(once.map(({ task }) => task))}, and no longer counts: ${first}`;
    return { ...off(check, found, machine("oracle", stack)), provedAt: oldest(provedIn(once)) };
  }
  if (!isRead && wanted.some(({ oracle }) => oracle === undefined))
    return blocker(check, "whether gold patches pass their tests is not known", seeUpdate);
  const passed = wanted.filter(({ oracle }) => oracle?.isCurrent);
  const found = `${passed.length}/${wanted.length} gold patches pass their tests, which fail without`;
  const provedAt = oldest(provedIn(passed));
  const rest = wanted.filter((image) => !passed.includes(image));
  const [first] = rest.flatMap(({ task, oracle }) => (oracle?.fault ? [`${task}: ${oracle.fault}`] : []));
  if (rest.length > 0) {
    const names = several(rest.map(({ task }) => task));
    const why = first === undefined ? `no known proof: ${names}` : `not proved: ${names} (${first})`;
    const isUpdates = rest.every(
      ({ isOracleWanted, oracle }) => isOracleWanted && oracle?.hasFailed !== true,
    );
    const remedy = isUpdates ? up(stack) : machine("oracle", stack, "--all");
    return { ...blocker(check, `${found}; ${why}`, remedy), provedAt };
  }
  const days = Math.floor((Date.parse(at) - Date.parse(provedAt ?? at)) / dayMs);
  if (days < maxDays) return { ...ok(check, found), provedAt };
  const remedy = machine("oracle", stack, "--tasks", String(wanted.length));
  return { ...warning(check, `${found}; the oldest proof is ${days} days old`, remedy), provedAt };
}

const provedIn = (images: readonly ImageStatus[]) => images.flatMap(({ oracle }) => oracle?.provedAt ?? []);

/**
 * Whether images and dataset are of one version: whether the runner that each image has is the dataset's. Another one is in
 * no run's way where the oracle has passed with it.
 *
 * @param dataset version of the checkout's CooperBench; undefined where it is not known.
 * @param versionOf the first version of CooperBench with an image's runner; undefined where it is not known.
 */
export function runnersCheck(
  stack: string,
  images: readonly ImageStatus[],
  dataset: string | undefined,
  versionOf: (task: string) => string | undefined,
): StatusCheck | undefined {
  const check = "runners";
  const known = images.filter(({ runner }) => runner !== undefined);
  if (known.length === 0) return undefined;
  const others = known.filter(({ runner }) => runner?.isDatasets === false);
  const unproved = others.filter(({ oracle }) => oracle?.isCurrent !== true);
  const found = `${known.length - others.length}/${known.length} images have the runner.sh of the dataset`;
  if (others.length === 0) return ok(check, found);
  const versions = [
    ...new Set(others.map(({ task }) => versionOf(task) ?? "a version that the checkout does not know")),
  ];
  const whose = `${several(others.map(({ task }) => task))} ${others.length === 1 ? "has" : "have"} that of ${several(versions)}, the dataset is of ${dataset ?? "an unknown version"}`;
  return unproved.length === 0
    ? ok(check, `${found}; ${whose}, and their gold patches pass all the same`)
    : blocker(
        check,
        `${found}; ${whose}${unproved.length < others.length ? `; not proved: ${several(unproved.map(({ task }) => task))}` : ""}`,
        [
          { ...machine("oracle", stack, "--all"), when: "to prove whether they fit" },
          { ...machine("set", stack, "cooperbenchVersion", "VERSION"), when: "to use the images' version" },
          { ...machine("set", stack, "imagesLock", "FILE"), when: "to use a lock of the dataset's images" },
        ],
      );
}
