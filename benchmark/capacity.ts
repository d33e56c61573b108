/** What an engine's machine has for containers. */
export interface Capacity {
  /** Cores. */
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** Seconds that CooperBench's evaluation gives each command in a container, fixed: a run cannot have more. */
export const evaluationSeconds = 600;

/** What is said of a longer time limit; undefined for one that is not. */
export function longLimitNote(seconds: number): string | undefined {
  return seconds > evaluationSeconds
    ? `oracleTimeoutSeconds is ${seconds}, and counts as ${evaluationSeconds}: CooperBench gives no evaluation more`
    : undefined;
}

/** That of an engine, by what it says of itself. */
export function capacityOf(info: { readonly NCPU: number; readonly MemTotal: number }): Capacity {
  return { cpus: info.NCPU, memoryBytes: info.MemTotal };
}

const GIB = 2 ** 30;

/** Memory that the tests of one task take, the largest ones aside. */
const USUAL_BYTES = 2 * GIB;

/** What an engine that does not answer is taken to have: the least. */
export const leastCapacity: Capacity = { cpus: 1, memoryBytes: USUAL_BYTES };

/** How many oracles run at the same time: one a core, as far as there is memory. */
export function oraclesAtOnce({ cpus, memoryBytes }: Capacity): number {
  return Math.max(1, Math.min(cpus, Math.floor(memoryBytes / USUAL_BYTES)));
}

/** Bytes that one container may have: what runs wild meets its own limit before the machine meets its. */
export function memoryLimitBytes({ memoryBytes }: Capacity): number {
  return Math.max(USUAL_BYTES, Math.floor(memoryBytes / 2));
}
