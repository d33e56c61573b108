import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { addressOf, type RedisAddress } from "../../lib/redis-address.ts";

/** What Redis answers to a PING where it asks for no password. */
export const pong = "+PONG";

/**
 * Sends a PING to what listens at an address.
 *
 * @returns the first line of the answer, empty for a listener without one; undefined where nobody listens.
 */
export async function pingRedis(address: RedisAddress, timeoutMs = 1000): Promise<string | undefined> {
  const { connected, text } = await askRedis(address, "PING", timeoutMs, (text) => text.includes("\n"));
  return connected ? firstLine(text) : undefined;
}

/** Its start, where it is long: what is no Redis may answer with a page. */
function firstLine(text: string): string {
  return (/^[^\r\n]*/.exec(text)?.[0] ?? "").slice(0, 80);
}

/** How long a Redis that must be there is waited for, in milliseconds. */
export interface Patience {
  /** Until a refused connection means that nobody listens. */
  readonly refusedMs: number;
  /** Time limits of the PINGs, one after another, until no answer means that there will be none. */
  readonly silentMs: readonly number[];
}

/**
 * What a Redis that a run may be using is given: one that swaps, saves or runs a long script answers late, and a
 * container that is being started refuses connections for a moment. In all less than a look has (lib/known.ts): what is
 * seen after that is not known.
 */
export const patience: Patience = { refusedMs: 5000, silentMs: [1000, 3000, 4000] };

/** Milliseconds between two attempts at what refuses connections. */
const betweenMs = 250;

/** What a Redis says while it cannot serve yet, or for now. */
const passing = /^-(LOADING|BUSY) /;

/**
 * Sends PINGs to a Redis that should be there, until it answers or patience ends. The first answer decides.
 *
 * @returns the first line of the answer, empty where there was none in time; undefined where every connection was refused.
 */
export async function patientPing(
  address: RedisAddress,
  { refusedMs, silentMs }: Patience = patience,
): Promise<string | undefined> {
  const started = performance.now();
  const silent = [...silentMs];
  const allMs = silentMs.reduce((sum, ms) => sum + ms, 0);
  let said = "";
  for (let limit = silent.shift(); limit !== undefined; ) {
    const asked = performance.now();
    const { refused, text } = await askRedis(address, "PING", limit, (text) => text.includes("\n"));
    const line = firstLine(text);
    if (line !== "" && !passing.test(line)) return line;
    said = line;
    if (refused && performance.now() - started >= refusedMs) return undefined;
    // One that ended before its time limit is tried again after a moment, within the same time in all.
    if (performance.now() - asked >= limit - betweenMs) limit = silent.shift();
    else if (performance.now() - started >= allMs) limit = undefined;
    else await delay(betweenMs);
  }
  return said;
}

/** The id that a Redis draws when it is started; undefined where it does not give it. */
export async function redisRunId(address: RedisAddress, timeoutMs = 5000): Promise<string | undefined> {
  const runId = /^run_id:([0-9a-f]+)\r$/m;
  const { text } = await askRedis(address, "INFO server", timeoutMs, (text) => runId.test(text));
  return runId.exec(text)?.[1];
}

interface Heard {
  readonly connected: boolean;
  /** Whether the machine said that nobody listens there. */
  readonly refused: boolean;
  readonly text: string;
}

/** Sends one command and listens until the answer is whole, or 10,000 characters long, or time is up. */
function askRedis(
  address: RedisAddress,
  command: string,
  timeoutMs: number,
  isWhole: (text: string) => boolean,
): Promise<Heard> {
  const [host = "", port] = addressOf(address).split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    let connected = false;
    let refused = false;
    let text = "";
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ connected, refused, text });
    };
    const timer = setTimeout(end, timeoutMs);
    socket.once("connect", () => {
      connected = true;
      socket.write(`${command}\r\n`);
    });
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (isWhole(text) || text.length > 10_000) end();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      refused = error.code === "ECONNREFUSED";
      end();
    });
    socket.once("close", end);
  });
}
