import { callUrl } from "../../benchmark/model.ts";
import { addressOf, type RedisAddress } from "../../lib/redis-address.ts";
import type { RedisTrouble } from "../../provision/engine/existing-redis.ts";
import { pong } from "../../provision/engine/redis-ping.ts";
import { hashWord } from "../../provision/steps/dotenv.ts";
import type { VerificationResult } from "../../provision/steps/verification.ts";
import { blocker, type Finding, type Level, ok, warning } from "../finding.ts";
import type { ImageState, ImageStatus } from "./images.ts";
import { type Proof, resultOf, type StackState } from "./proofs.ts";

/** A finding's level, or `off` for something that the stack's settings do not ask for. */
export type Mark = Level | "off";

/** What one check has found. */
export interface StatusCheck extends Omit<Finding, "level"> {
  readonly level: Mark;
  /** When what it tells of was last proved, in ISO 8601; undefined for what is seen right now. */
  readonly provedAt?: string | undefined;
}

function off(check: string, found: string, remedy: string): StatusCheck {
  return { check, level: "off", found, remedy };
}

/** The command that mends most. */
const up = (stack: string) => `./machine up ${stack}`;

/** It was never made, or the state that has it cannot be read. */
const noProof = "no proof of it is known";

/** How the stack's last operation ended. */
export function operationCheck(
  stack: string,
  { last, unread, remedy, underway }: Omit<StackState, "proofs">,
): StatusCheck {
  const check = "update";
  if (unread !== undefined)
    return blocker(
      check,
      `Pulumi's state cannot be read, so no proof is known: ${unread}`,
      remedy ?? `./machine pulumi stack --stack ${stack} reads it, too`,
    );
  const isMade = last !== undefined && !(last.kind === "destroy" && last.result === "succeeded");
  if (underway !== undefined) return isMade ? underway : { ...underway, level: "blocker" };
  if (last === undefined) return blocker(check, "there was none yet", up(stack));
  if (last.kind === "destroy" && last.result === "succeeded")
    return blocker(check, "the stack was destroyed", up(stack));
  const found = `the last ${last.kind} ${last.result}`;
  const level =
    last.result === "succeeded" ? ok(check, found) : warning(check, found, `${up(stack)} tells why`);
  return { ...level, provedAt: last.endedAt };
}

const stateWords: readonly (readonly [ImageState, string])[] = [
  ["missing", "missing"],
  ["unproved", "without a known proof"],
  ["changed", "changed since their proof"],
  ["other", "not what the lock says by now"],
];

/** What helps where the state could not be read, so that no proof is known: what it is said with. */
const seeUpdate = "see the update";

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
    const found = `${known}; not to be seen now`;
    return { ...blocker("images", found, "see the engine"), provedAt };
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
  return { ...(wrong.length === 0 ? ok("images", found) : blocker("images", found, up(stack))), provedAt };
}

/** Of times in ISO 8601. */
function oldest(times: readonly string[]): string | undefined {
  return times.toSorted().at(0);
}

function several(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
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
  /** Commit that it was at for its proof. */
  readonly provedCommit: string | undefined;
  readonly proof: Proof | undefined;
}

/** Whether the command line is there as it was proved. */
export function cliCheck({ stack, folder, wrong, commit, provedCommit, proof }: CliFacts): StatusCheck {
  const check = "cooperbench";
  if (wrong !== undefined) return blocker(check, wrong, up(stack));
  const proved = resultOf<VerificationResult>(proof);
  if (proof === undefined || proved === undefined) return blocker(check, noProof, up(stack));
  const found = `${proved.version} at commit ${commit?.slice(0, 12) ?? "unknown"}, Python ${proved.pythonVersion}, in ${folder}`;
  const moved = commit !== undefined && provedCommit !== undefined && commit !== provedCommit;
  return {
    ...(moved
      ? warning(
          check,
          `${found}; it was proved at ${provedCommit.slice(0, 12)}`,
          `./machine preview ${stack} shows what differs`,
        )
      : ok(check, found)),
    provedAt: proof.provedAt,
  };
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
  readonly modelApiBase: string;
  /** Model under test. */
  readonly model: string;
  /** What overrides the route right now; undefined where nothing does. */
  readonly overridden: string | undefined;
  /** What names the bytes of the `.env` now; undefined where that is not known. */
  readonly dotenvHash?: string | undefined;
  readonly proof: Proof | undefined;
}

/** Whether a run's calls go where they are configured to. */
export function routeCheck({
  stack,
  modelApiBase,
  model,
  overridden,
  dotenvHash,
  proof,
}: RouteFacts): StatusCheck {
  const provedAt = proof?.provedAt;
  if (overridden !== undefined) {
    const mend = `take it away, then ${up(stack)}`;
    return { ...blocker("route", overridden, mend), provedAt };
  }
  if (proof === undefined) return blocker("route", noProof, up(stack));
  const wanted = { modelApiBase, model };
  const other = (["modelApiBase", "model"] as const).find((part) => proof.request[part] !== wanted[part]);
  if (other !== undefined) {
    const found = `it was proved for ${proof.request[other]}; want ${wanted[other]}`;
    return { ...blocker("route", found, up(stack)), provedAt };
  }
  // A proof of old is of no such hash.
  const provedHash = proof.of.find((word) => word.startsWith(hashWord));
  if (provedHash !== undefined && dotenvHash !== undefined && provedHash !== hashWord + dotenvHash)
    return { ...blocker("route", "the .env has changed since the proof", up(stack)), provedAt };
  return { ...ok("route", `a run asks ${callUrl(modelApiBase)}`), provedAt };
}

/** What is seen of the services of cooperating agents. */
export interface ServicesFacts {
  readonly redis: RedisAddress;
  /** What answered a PING there; undefined for nothing. */
  readonly answer: string | undefined;
  /** What is in the way of Redis, or why it is not ready though it is there, and what helps; undefined for nothing. */
  readonly trouble?: RedisTrouble | undefined;
  /** State of the git server's container: `running`, another word, or `missing`; undefined where none is wanted. */
  readonly git: string | undefined;
  readonly proof: Proof | undefined;
}

/** Whether the services run, and have been proved; the facts are undefined where the stack has none. */
export function servicesCheck(stack: string, facts: ServicesFacts | undefined): StatusCheck {
  const check = "services";
  if (facts === undefined) {
    return off(check, "none, for coop is false", `./machine pulumi config set coop true --stack ${stack}`);
  }
  const { redis, answer, trouble, git, proof } = facts;
  const wrong = [
    ...(answer === pong ? [] : [trouble?.found ?? `no Redis answers at ${addressOf(redis)}`]),
    ...(git === undefined || git === "running" ? [] : [`the git server is ${git}`]),
    ...(proof === undefined ? ["no proof of them is known"] : []),
  ];
  const found =
    wrong.length > 0
      ? wrong.join("; ")
      : `Redis answers at ${addressOf(redis)}${git === undefined ? "" : "; the git server runs"}`;
  return {
    ...(wrong.length > 0 ? blocker(check, found, trouble?.remedy ?? up(stack)) : ok(check, found)),
    provedAt: proof?.provedAt,
  };
}

/**
 * Whether the gold patches of the wanted tasks have passed in the images that are there.
 *
 * @param isRead whether the state could be read, which has the proofs. Default: true.
 */
export function oracleCheck(stack: string, images: readonly ImageStatus[], isRead = true): StatusCheck {
  const check = "oracle";
  const wanted = images.filter(({ isSmoked }) => isSmoked);
  if (wanted.length === 0)
    return off(check, "none, for smoke is 0", `./machine pulumi config set smoke 5 --stack ${stack}`);
  if (!isRead) return blocker(check, "whether gold patches pass their tests is not known", seeUpdate);
  const passed = wanted.filter(({ oracle }) => oracle?.isCurrent);
  const found = `${passed.length}/${wanted.length} gold patches pass their tests, which fail without`;
  const provedAt = oldest(wanted.flatMap(({ oracle }) => oracle?.provedAt ?? []));
  if (passed.length === wanted.length) return { ...ok(check, found), provedAt };
  const names = wanted.filter((image) => !passed.includes(image)).map(({ task }) => task);
  return { ...blocker(check, `${found}; no proof is known of ${several(names)}`, up(stack)), provedAt };
}
