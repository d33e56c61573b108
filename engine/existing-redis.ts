import { type Owner, ownerName } from "../provision/owner.ts";
import { containerAt, type EngineContainer, isMadeBy } from "./owned.ts";
import { addressOf, pingRedis, pong, type RedisAddress } from "./redis-ping.ts";

/** Name of the container that CooperBench itself starts Redis in. */
export const redisContainer = "cooperbench-redis";

/** Label of a stack's own Redis: the address that it answers at. */
export const addressLabel = "cooperbench-machine.address";

/** What is there already where a stack wants a Redis. */
export type ExistingRedis =
  /** Nothing, or the stack's own; `finding` is what is wrong with that. */
  | { readonly kind: "own"; readonly finding?: string }
  /** A Redis that another has made, and that answers. */
  | { readonly kind: "foreign" }
  /** What is in the way of one, and what helps. */
  | { readonly kind: "conflict"; readonly found: string; readonly remedy: string };

/** Looks for a Redis at an address, and for the container that has the name of CooperBench's. */
export async function existingRedis(
  dockerHost: string,
  owner: Owner,
  address: RedisAddress,
): Promise<ExistingRedis> {
  const [container, answer] = await Promise.all([
    containerAt(dockerHost, redisContainer),
    pingRedis(address),
  ]);
  return judgeRedis({ owner, address, container, answer });
}

/** What was found: the container of that name, and what answered a PING at the address. */
export interface RedisFacts {
  readonly owner: Owner;
  readonly address: RedisAddress;
  readonly container: EngineContainer | undefined;
  readonly answer: string | undefined;
}

/** What that means for a stack. */
export function judgeRedis({ owner, address, container, answer }: RedisFacts): ExistingRedis {
  const own = isMadeBy(container, owner) ? container : undefined;
  const at = addressOf(address);
  // Two cannot listen at one address: where the stack's own runs there, it is the one that answers.
  if (own?.running && own.labels[addressLabel] === at)
    return answer === pong ? { kind: "own" } : { kind: "own", finding: `it does not answer at ${at}` };
  if (answer === pong) return { kind: "foreign" };
  if (answer !== undefined) {
    return conflict(
      `${at} is taken: got ${JSON.stringify(answer)} for a PING, want a Redis without password, or a free port`,
      freeIt(owner.stack),
    );
  }
  if (container !== undefined && own === undefined) {
    const maker =
      container.owner === undefined
        ? "that no stack has made"
        : `of stack ${ownerName(container.owner, owner)}`;
    return conflict(
      `there is a container ${redisContainer} ${maker} (${container.state}), and no Redis answers at ${at}`,
      `Start it (docker start ${redisContainer}), set redisHost and redisPort to where it answers, ` +
        `or remove it (docker rm -f ${redisContainer})`,
    );
  }
  return own?.running === false ? { kind: "own", finding: `it is ${own.state}` } : { kind: "own" };
}

/** What it means that another has the port on this machine of what listens on the engine's. */
export function portTaken(stack: string, address: RedisAddress): ExistingRedis {
  const at = addressOf(address);
  return conflict(
    `${at} is taken on this machine, so the engine's Redis is not reached there`,
    freeIt(stack),
  );
}

function freeIt(stack: string): string {
  return `Stop what listens there, or choose another port: ./machine pulumi config set redisPort 6380 --stack ${stack}`;
}

function conflict(found: string, remedy: string): ExistingRedis {
  return { kind: "conflict", found, remedy };
}
