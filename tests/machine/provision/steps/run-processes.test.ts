import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { knownOf } from "../../../../lib/known.ts";
import { startOf } from "../../../../lib/process-id.ts";
import { runProcesses } from "../../../../provision/steps/run-processes.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
let servers: Server[];
let children: ChildProcess[];
beforeEach(() => {
  folder = temporaryFolder("run-processes-");
  servers = [];
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** An engine that says which one it is. Gives its address. */
async function engine(socket: string, ID: string): Promise<string> {
  const server = createServer((_, response) =>
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ ID })),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(join(folder, socket), resolve));
  return `unix://${folder}/${socket}`;
}

/** Starts what looks like a run of CooperBench's. Gives its number. */
function begin(more: NodeJS.ProcessEnv = {}): number {
  const code = "import time; time.sleep(60)";
  const child = spawn("python3", ["-c", code, "cooperbench", "run"], {
    env: { PATH: process.env.PATH, ...more },
  });
  children.push(child);
  return child.pid ?? 0;
}

test("a run is found with its start, but for one whose engine is surely another", async () => {
  const [own, alias, other] = [
    await engine("own.sock", "one"),
    await engine("alias.sock", "one"),
    await engine("other.sock", "two"),
  ];
  const [plain, same, byAnotherName, elsewhere, dead] = [
    begin(),
    begin({ DOCKER_HOST: own }),
    begin({ DOCKER_HOST: alias }),
    begin({ DOCKER_HOST: other }),
    begin({ DOCKER_HOST: `unix://${folder}/nobody.sock` }),
  ];
  const numbers = [plain, same, byAnotherName, elsewhere, dead];
  const look = async () =>
    (knownOf(await runProcesses(own)) ?? []).filter(({ pid }) => numbers.includes(pid));
  await expect
    .poll(async () => (await look()).map(({ pid }) => pid))
    .toEqual([plain, same, byAnotherName, dead].toSorted((a, b) => a - b));
  expect(await look()).toContainEqual({ pid: plain, startTicks: Number(startOf(plain)) });
});
