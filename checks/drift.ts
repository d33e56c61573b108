/** What differs on the machine from what the program wants, for its components: a judgement of one look. */
import { type Capacity, capacityOf } from "../benchmark/capacity.ts";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import { type Known, knownOf } from "../lib/known.ts";
import { type ExistingGit, judgeGit, unknownGit } from "../provision/engine/existing-git.ts";
import { type ExistingRedis, judgeRedis, unknownRedis } from "../provision/engine/existing-redis.ts";
import { type SeenImage, seeImage } from "../provision/engine/images.ts";
import { gitNames } from "../provision/engine/service-names.ts";
import { usesContainerd } from "../provision/engine/store.ts";
import type { Look } from "../provision/look.ts";
import { findingOf } from "../provision/repair.ts";

/** What is there, and what is wrong with it. What is not known is no drift: `unknown` names it. */
export interface Drift {
  /** What the engine has of an image that is wanted. Its finding is as an input has it. */
  readonly see: (wanted: PinnedImage) => SeenImage;
  /** What is wrong with the image that the git server runs from, likewise. */
  readonly gitImageFinding: string | undefined;
  /** What the engine has for containers; undefined where that is not known. */
  readonly capacity: Capacity | undefined;
  /** What is there where the stack wants a Redis; undefined where it wants none. */
  readonly redis: ExistingRedis | undefined;
  /** What is there of the git server; undefined where none is wanted. */
  readonly git: ExistingGit | undefined;
  /** What is wrong with each of these right now, as an input has it; undefined where nothing is. */
  readonly findings: Readonly<Record<LookedAt, string | undefined>>;
  /** Commit that a checkout of the user's is at; undefined for another, or where that is not known. */
  readonly headOfUsers: string | undefined;
  /** Names the bytes of the `.env` once the update has written it; undefined where that is not known. */
  readonly dotenvHash: string | undefined;
  /** What could not be looked at, and why, a sentence each. */
  readonly unknown: readonly string[];
}

const lookedAt = ["checkout", "venv", "dotenv", "route", "subset"] as const;
type LookedAt = (typeof lookedAt)[number];

/**
 * What differs on a machine.
 *
 * @param repair that the findings are of (provision/repair.ts).
 */
export function driftOf(look: Look, repair: string): Drift {
  const { owner, dockerHost } = look.wanted;
  const engine = knownOf(look.engine);
  const told = (finding: string | undefined) => finding && findingOf(repair, finding);
  const see = (wanted: PinnedImage): SeenImage => {
    if (engine === undefined) return { isThere: false };
    const seen = seeImage(engine.images, wanted, usesContainerd(engine.info));
    return { ...seen, finding: told(seen.finding) };
  };
  return {
    see,
    gitImageFinding: see({ image: gitNames.image }).finding,
    capacity: engine && capacityOf(engine.info),
    redis: look.redis && judged(look.redis, judgeRedis, unknownRedis),
    git: look.git && judged(look.git, (facts) => judgeGit(owner, facts), unknownGit),
    findings: {
      ...(Object.fromEntries(lookedAt.map((part) => [part, told(wordsOf(look[part]))])) as Drift["findings"]),
      dotenv: told(knownOf(look.dotenv) ?? changeOf(look)),
    },
    headOfUsers: knownOf(look.headOfUsers),
    dotenvHash: look.dotenvBytes?.written,
    unknown: [
      ...("unknown" in look.engine
        ? [
            `the Docker engine at ${dockerHost} does not answer (${look.engine.unknown}): what differs there is not known`,
          ]
        : []),
      ...lookedAt.flatMap((part) => {
        const answer = look[part];
        return "unknown" in answer ? [`the ${part} cannot be looked at: ${answer.unknown}`] : [];
      }),
    ],
  };
}

function wordsOf(fault: Look[LookedAt]): string | undefined {
  if ("unknown" in fault) return undefined;
  return typeof fault.value === "object" ? fault.value.found : fault.value;
}

/** What has python-dotenv asked anew by the step, which notes for the next looks that it was. */
function changeOf({ dotenv, dotenvBytes }: Look): string | undefined {
  const { hash, read } = dotenvBytes ?? {};
  const isChanged = "value" in dotenv && hash !== undefined && read !== undefined && read !== hash;
  return isChanged ? "its other lines have changed since the update wrote it" : undefined;
}

function judged<Facts, Judgement>(
  answer: Known<Facts>,
  judge: (facts: Facts) => Judgement,
  unknown: Judgement,
): Judgement {
  return "unknown" in answer ? unknown : judge(answer.value);
}
