import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { answersOk } from "./ask.ts";
import { writeAtomically } from "./files.ts";
import { endService, runningService } from "./processes.ts";
import { startAndWait } from "./service.ts";
import type { Tools } from "./tools.ts";

const NAME = "registry";

/**
 * Starts the registry on a free loopback port, the one of the last start if it still is free, or finds
 * it running.
 * @returns its port.
 */
export async function startRegistry(dir: string, tools: Tools): Promise<number> {
  const recorded = recordedPort(dir);
  if (recorded !== undefined && runningService(dir, NAME) !== undefined && (await answers(recorded)))
    return recorded;
  await endService(dir, NAME, 5);
  const port = await freePort(recorded);
  mkdirSync(join(dir, "registry"), { recursive: true });
  const configuration = join(dir, "registry.yml");
  writeAtomically(configuration, configurationFor(dir, port));
  await startAndWait({
    dir,
    name: NAME,
    argv: [tools.registry, "serve", configuration],
    env: tools.env,
    answers: () => answers(port),
    startSeconds: 30,
  });
  writeAtomically(join(dir, "registry.port"), `${port}\n`);
  return port;
}

/** Ends the registry, if it runs. */
export function endRegistry(dir: string): Promise<void> {
  return endService(dir, NAME, 5);
}

function answers(port: number): Promise<boolean> {
  return answersOk({ host: "127.0.0.1", port, path: "/v2/", timeoutMs: 1000 });
}

function recordedPort(dir: string): number | undefined {
  const file = join(dir, "registry.port");
  const port = existsSync(file) ? Number(readFileSync(file, "utf8")) : Number.NaN;
  return Number.isInteger(port) ? port : undefined;
}

/** `wanted` if it is free, else one that the kernel chooses. */
function freePort(wanted: number | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => (wanted === undefined ? reject(error) : resolve(freePort(undefined))));
    server.listen(wanted ?? 0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
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
