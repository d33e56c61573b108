import { type Capacity, leastCapacity } from "../../benchmark/capacity.ts";
import { environmentFor } from "../../lib/environment.ts";
import { run } from "../../lib/run.ts";

/** What the engine of DOCKER_HOST has; the least where it does not answer, which whoever works with it will tell. */
export async function askCapacity(dockerHost = process.env.DOCKER_HOST): Promise<Capacity> {
  const { code, stdout } = await run("docker", ["info", "--format", "{{.NCPU}} {{.MemTotal}}"], {
    env: environmentFor("docker", process.env, { DOCKER_HOST: dockerHost }),
    timeoutSeconds: 30,
  });
  const [cpus, memoryBytes] = stdout.trim().split(" ").map(Number);
  return code === 0 && cpus && memoryBytes ? { cpus, memoryBytes } : leastCapacity;
}
