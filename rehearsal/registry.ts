import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../lib/files.ts";
import { freePort } from "./free-port.ts";
import { answersOk } from "./http.ts";
import { inNetwork, isInNetwork } from "./network.ts";
import { endService, runningService, until } from "./processes.ts";
import { portStatus } from "./relay-client.ts";
import { startAndWait } from "./service.ts";
import type { Tools } from "./tools.ts";

const NAME = "registry";

/**
 * Starts the registry in the rehearsal's network, or finds it running there. Its port, which is the machine's loopback's,
 * too, is that of the last start if it still is free.
 * @returns its port.
 */
export async function startRegistry(dir: string, tools: Tools): Promise<number> {
  const recorded = recordedPort(dir);
  const running = runningService(dir, NAME);
  const isThere = recorded !== undefined && running !== undefined && isInNetwork(dir, running);
  if (isThere && (await answersInTime(dir, recorded))) return recorded;
  await endService(dir, NAME, 5);
  const port = await freePort(recorded);
  mkdirSync(join(dir, "registry"), { recursive: true });
  const configuration = join(dir, "registry.yml");
  writeWhole(configuration, configurationFor(dir, port));
  await startAndWait({
    dir,
    name: NAME,
    argv: inNetwork(dir, [tools.registry, "serve", configuration]),
    env: tools.env,
    answers: () => answers(dir, port),
    startSeconds: 30,
  });
  writeWhole(join(dir, "registry.port"), `${port}\n`);
  return port;
}

/** Ends the registry, if it runs. */
export function endRegistry(dir: string): Promise<void> {
  return endService(dir, NAME, 5);
}

/** Whether it is the rehearsal's own that answers on the machine: another may have its port there. */
async function answers(dir: string, port: number): Promise<boolean> {
  if (!(await portStatus(dir))?.open.includes(port)) return false;
  return answersOk({ host: "127.0.0.1", port, path: "/v2/", timeoutMs: 1000 });
}

/**
 * Waits for one that runs, as long as nobody else has its port. One that is only slow, or is yet to be opened on the machine,
 * is not ended under what uses it: the engine has its port.
 */
async function answersInTime(dir: string, port: number): Promise<boolean> {
  let answered = false;
  await until(async () => {
    answered = await answers(dir, port);
    return answered || (await portStatus(dir))?.taken.includes(port) === true;
  }, 15);
  return answered;
}

function recordedPort(dir: string): number | undefined {
  const file = join(dir, "registry.port");
  const port = existsSync(file) ? Number(readFileSync(file, "utf8")) : Number.NaN;
  return Number.isInteger(port) ? port : undefined;
}

/** Deletion is enabled so that a test can take an image away. */
function configurationFor(dir: string, port: number): string {
  return `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${JSON.stringify(join(dir, "registry"))}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
  secret: rehearsal
`;
}
