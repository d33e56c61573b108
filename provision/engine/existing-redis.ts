import { addressOf, type RedisAddress } from "../../lib/redis-address.ts";
import { type Fault, machine, type Remedies } from "../../lib/remedy.ts";
import { type Owner, ownerName } from "../ownership/owner.ts";
import { dockerAt } from "./docker-command.ts";
import { containerAt, type EngineContainer, type Labels, madeLabels, removal } from "./owned.ts";
import { type Patience, patience, patientPing, pingRedis, pong, redisRunId } from "./redis-ping.ts";
import { redisContainer } from "./service-names.ts";
import { isLeftBy, isOwnThing, type ServiceRecord, serviceRecords, useVolume } from "./service-records.ts";

/** Label of a stack's own Redis: the address that it answers at. */
export const addressLabel = "cooperbench-machine.address";

/** What is there already where a stack wants a Redis. */
export type ExistingRedis =
  | OwnRedis
  /** A Redis that another has made, and that answers. */
  | {
      readonly kind: "foreign";
      /** Names this very Redis: another value is another one, or one that was started again. */
      readonly identity?: string | undefined;
      /** Whether it is a stack's container, which goes with the last stack that uses it. */
      readonly isShared?: boolean;
      readonly isRecorded?: boolean;
    }
  /** What is in the way of one. */
  | ({ readonly kind: "conflict"; readonly isRecorded?: boolean } & Fault);

/** Nothing, or the stack's own. */
export interface OwnRedis {
  readonly kind: "own";
  /** What is wrong with it, so that it is made again; undefined where nothing is. */
  readonly finding?: string;
  /** Why it is not ready for a run though it is there: it is left as it is, because a run may be using it. */
  readonly trouble?: Fault;
  /** Whether that is no more than that it is paused, which an update ends. Default: false. */
  readonly isPaused?: boolean;
  /**
   * The labels of its making, where it stays as it is: those of an older or a renamed stack are others than a new one's. `unknown` where the engine did not answer; undefined where there is none, or a new one takes its place.
   */
  readonly labels?: Labels | "unknown";
  /** Whether the engine has the stack's record that it uses it. */
  readonly isRecorded?: boolean;
}

/** What was found: the container of that name, and what answered a PING at the address. */
export interface RedisFacts {
  readonly dockerHost: string;
  readonly owner: Owner;
  readonly address: RedisAddress;
  /** `unknown` where the engine did not answer. */
  readonly container: EngineContainer | undefined | "unknown";
  /** First line of the answer; empty for a listener without one, undefined where nobody listens. */
  readonly answer: string | undefined;
  /** What the stacks have noted beside the service. Default: nothing. */
  readonly records?: readonly ServiceRecord[];
  /** Id of the run of a Redis that is no stack's container; undefined where it does not give it. */
  readonly runId?: string | undefined;
}

/**
 * Looks without judging. One that should be there and does not answer at once is given time; where nobody listens and
 * no own container runs, that is seen at once.
 */
export async function lookAtRedis(
  dockerHost: string,
  owner: Owner,
  address: RedisAddress,
  limits: Patience = patience,
): Promise<RedisFacts> {
  const [[container, records], first] = await Promise.all([
    Promise.all([containerAt(dockerHost, redisContainer), serviceRecords(dockerHost, "redis")]).catch(
      () => ["unknown", []] as const,
    ),
    pingRedis(address, limits.silentMs[0]),
  ]);
  const facts = { dockerHost, owner, address, container, records };
  const answer = await lastAnswer(facts, first, limits);
  const isContainers = runsAt(container, address) !== undefined;
  return { ...facts, answer, ...(answer === pong && !isContainers && { runId: await redisRunId(address) }) };
}

function lastAnswer(
  { container, owner, address, records = [] }: Omit<RedisFacts, "answer">,
  first: string | undefined,
  limits: Patience,
): Promise<string | undefined> | string | undefined {
  if (first === pong) return first;
  const here = runsAt(container, address);
  if (here?.state === "paused") return first;
  if (here !== undefined && isOwnThing(here, owner, records)) return patientPing(address, limits);
  // Another's that accepts connections may be slow, too; where nobody listens there is nothing to wait for.
  return first === "" ? patientPing(address, { ...limits, refusedMs: 0 }) : first;
}

/** A stack's container where it runs at that address. Two cannot listen at one: it is the one that answers there. */
function runsAt(container: RedisFacts["container"], address: RedisAddress): EngineContainer | undefined {
  if (container === "unknown" || container?.owner === undefined || !container.running) return undefined;
  return container.labels[addressLabel] === addressOf(address) ? container : undefined;
}

/** Where the engine does not answer, whoever works with it reports that; until then nothing is taken for gone. */
export const unknownRedis = { kind: "own", labels: "unknown" } as const satisfies ExistingRedis;

/** What that means for a stack. */
export function judgeRedis(facts: RedisFacts): ExistingRedis {
  const { owner, records = [] } = facts;
  const isRecorded = records.some(({ volume }) => volume === useVolume("redis", owner));
  return { ...judge(facts), ...(isRecorded && { isRecorded }) };
}

function judge({
  dockerHost,
  owner,
  address,
  container,
  answer,
  records = [],
  runId,
}: RedisFacts): ExistingRedis {
  if (container === "unknown") return unknownRedis;
  // What the stack has left to other stacks, when it was destroyed, is no longer its own while it runs.
  const isLeft = container?.running === true && isLeftBy(container, owner, records);
  const own = container && isOwnThing(container, owner, records) && !isLeft ? container : undefined;
  const at = addressOf(address);
  const here = runsAt(container, address);
  if (here !== undefined && here === own)
    return judgeOwn(here, { dockerHost, at, answer, stack: owner.stack });
  if (answer === pong) {
    return here === undefined
      ? { kind: "foreign", identity: runId }
      : { kind: "foreign", identity: here.id, isShared: true };
  }
  if (answer !== undefined) {
    return conflict(
      `${at} is taken: it answers a PING with ${JSON.stringify(answer)}, which no Redis without a password does`,
      freeIt(owner.stack),
    );
  }
  if (container !== undefined && own === undefined) {
    const maker =
      container.owner === undefined ? "that no stack made" : `of stack ${ownerName(container.owner, owner)}`;
    return conflict(
      `there is a container ${redisContainer} ${maker} (${container.state}), and no Redis answers at ${at}`,
      [
        { command: dockerAt(dockerHost, "start", redisContainer) },
        {
          ...machine("set", owner.stack, "redisPort", "PORT"),
          when: "if it answers at another port",
        },
        removal(dockerHost, "container", redisContainer, "if nobody needs it"),
      ],
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

function freeIt(stack: string): Remedies {
  return [
    { ...machine("set", stack, "redisPort", "6380"), when: "to choose another port" },
    { advice: "stop what listens there" },
  ];
}

/** What the answer of the stack's own means, which runs where it should. */
function judgeOwn(
  container: EngineContainer,
  {
    dockerHost,
    at,
    answer,
    stack,
  }: { dockerHost: string; at: string; answer: string | undefined; stack: string },
): ExistingRedis {
  const labels = madeLabels(container.labels);
  if (answer === pong) return { kind: "own", labels };
  if (answer === undefined) return { kind: "own", finding: `nobody listens at ${at}, where it should` };
  const docker = (verb: string) => dockerAt(dockerHost, verb, redisContainer);
  if (container.state === "paused") {
    const found = `the container ${redisContainer} is paused`;
    return { kind: "own", labels, isPaused: true, trouble: { found, remedies: machine("up", stack) } };
  }
  const said =
    answer === ""
      ? `gave no answer to a PING at ${at}`
      : `answers ${JSON.stringify(answer)} to a PING at ${at}`;
  return {
    kind: "own",
    labels,
    trouble: {
      found: `the container ${redisContainer} runs and ${said}; it is left as it is, because a run may be using it`,
      remedies: [
        { command: docker("restart"), when: "if no run uses it" },
        { command: docker("logs"), when: "to see what it does" },
      ],
    },
  };
}

/** What is in the way of a Redis, or why the stack's own is not ready though it is there; undefined for nothing. */
export function troubleOf(redis: ExistingRedis): Fault | undefined {
  if (redis.kind === "own") return redis.trouble;
  return redis.kind === "conflict" ? redis : undefined;
}

function conflict(found: string, remedies: Remedies): ExistingRedis {
  return { kind: "conflict", found, remedies };
}
