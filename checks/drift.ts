/** What differs on the machine from what the program wants, for its components: a judgement of one look. */
import { type Capacity, capacityOf } from "../benchmark/capacity.ts";
import { type Known, knownOf } from "../lib/known.ts";
import { type ExistingGit, judgeGit, unknownGit } from "../provision/engine/existing-git.ts";
import { type ExistingRedis, judgeRedis, unknownRedis } from "../provision/engine/existing-redis.ts";
import type { EngineImage } from "../provision/engine/images.ts";
import type { Look } from "../provision/look.ts";

/** What is there, and what is wrong with it. What is not known is no drift: `unknown` names it. */
export interface Drift {
  /** The images that the engine has; undefined where that is not known. */
  readonly images: readonly EngineImage[] | undefined;
  /** What the engine has for containers; undefined where that is not known. */
  readonly capacity: Capacity | undefined;
  /** What is there where the stack wants a Redis; undefined where it wants none. */
  readonly redis: ExistingRedis | undefined;
  /** What is there of the git server; undefined where none is wanted. */
  readonly git: ExistingGit | undefined;
  /** What is wrong with each of these right now; undefined where nothing is. */
  readonly findings: Readonly<Record<LookedAt, string | undefined>>;
  /** Commit that a checkout of the user's is at; undefined for another, or where that is not known. */
  readonly headOfUsers: string | undefined;
  /** Names the bytes of the `.env`; undefined where it has no block. */
  readonly dotenvHash: string | undefined;
  /** What could not be looked at, and why, a sentence each. */
  readonly unknown: readonly string[];
}

const lookedAt = ["checkout", "venv", "dotenv", "route", "subset"] as const;
type LookedAt = (typeof lookedAt)[number];

/** What differs on a machine. */
export function driftOf(look: Look): Drift {
  const { owner, dockerHost } = look.wanted;
  const engine = knownOf(look.engine);
  return {
    images: engine?.images,
    capacity: engine && capacityOf(engine.info),
    redis: look.redis && judged(look.redis, judgeRedis, unknownRedis),
    git: look.git && judged(look.git, (facts) => judgeGit(owner, facts), unknownGit),
    findings: {
      ...(Object.fromEntries(lookedAt.map((part) => [part, knownOf(look[part])])) as Drift["findings"]),
      dotenv: knownOf(look.dotenv) ?? changeOf(look),
    },
    headOfUsers: knownOf(look.headOfUsers),
    dotenvHash: look.dotenvBytes?.hash,
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
