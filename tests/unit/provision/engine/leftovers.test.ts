import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Place, placeHere, showProcess, thisProcess } from "../../../../lib/process-id.ts";
import { removeLeftoverContainers } from "../../../../provision/engine/leftovers.ts";
import { makerLabel } from "../../../../provision/ownership/temporary.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
let engine: Server;
let asked: string[];
let containers: readonly object[];
beforeEach(async () => {
  folder = temporaryFolder("leftovers-");
  asked = [];
  engine = createServer((request, response) => {
    asked.push(`${request.method} ${decodeURIComponent(request.url ?? "")}`);
    response.setHeader("Content-Type", "application/json");
    // One that is removed by its own end just now.
    response.statusCode = request.url?.includes("ending") ? 409 : request.method === "DELETE" ? 204 : 200;
    response.end(request.method === "GET" ? JSON.stringify(containers) : "{}");
  });
  await new Promise<void>((resolve) => engine.listen(join(folder, "docker.sock"), resolve));
});
afterEach(async () => {
  await new Promise((resolve) => engine.close(resolve));
});

const dead = showProcess({ ...(placeHere() as Place), pid: process.pid, start: "1" });
const container = (Id: string, maker: string) => ({ Id, Names: [`/${Id}`], Labels: { [makerLabel]: maker } });

test("the containers of dead makers go; the engine is asked for this stack's alone", async () => {
  containers = [
    container("left", dead),
    container("ending", dead),
    container("living", thisProcess()),
    container("elsewhere", dead.replace(/^\w+/, "0".repeat(12))),
    container("unknown", "unknown"),
  ];
  expect(await removeLeftoverContainers(`unix://${folder}/docker.sock`, "lab-1")).toEqual(["left"]);
  const [list, ...removals] = asked;
  expect(list).toContain('"label":["cooperbench-machine.maker","cooperbench-machine.stack-id=lab-1"]');
  expect(removals.map((line) => line.split("?")[0]).toSorted()).toEqual([
    expect.stringMatching(/^DELETE .*\/containers\/ending$/),
    expect.stringMatching(/^DELETE .*\/containers\/left$/),
  ]);
});

test("an engine that does not answer has none, which whoever works with it tells", async () => {
  expect(await removeLeftoverContainers(`unix://${folder}/nobody.sock`, "lab-1")).toEqual([]);
});
