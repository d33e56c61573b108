import { environmentFor } from "../../lib/environment.ts";
import { run } from "../../lib/run.ts";

/** What an engine's machine has for containers. */
export interface Capacity {
  /** Cores. */
  readonly cpus: number;
  readonly memoryBytes: number;
}

const GIB = 2 ** 30;

/** Memory that the tests of one task take, the largest ones aside. */
const USUAL_BYTES = 2 * GIB;

/** What the engine of DOCKER_HOST has; the least where it does not answer, which whoever works with it will tell. */
export async function askCapacity(dockerHost = process.env.DOCKER_HOST): Promise<Capacity> {
  const { code, stdout } = await run("docker", ["info", "--format", "{{.NCPU}} {{.MemTotal}}"], {
    env: environmentFor("docker", process.env, { DOCKER_HOST: dockerHost }),
    timeoutSeconds: 30,
  });
  const [cpus, memoryBytes] = stdout.trim().split(" ").map(Number);
  return code === 0 && cpus && memoryBytes ? { cpus, memoryBytes } : { cpus: 1, memoryBytes: USUAL_BYTES };
}

/** How many oracles run at the same time: one a core, as far as there is memory. */
export function oraclesAtOnce({ cpus, memoryBytes }: Capacity): number {
  return Math.max(1, Math.min(cpus, Math.floor(memoryBytes / USUAL_BYTES)));
}

/** Bytes that one container may have: what runs wild meets its own limit before the machine meets its. */
export function memoryLimitBytes({ memoryBytes }: Capacity): number {
  return Math.max(USUAL_BYTES, Math.floor(memoryBytes / 2));
}
