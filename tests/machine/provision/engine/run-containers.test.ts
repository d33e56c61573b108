import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTasks } from "../../../../benchmark/tasks.ts";
import { runContainers } from "../../../../provision/engine/run-containers.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";
import { engineInfo } from "../../../unit/checks/doctor/facts.ts";

const image = readTasks()[0]?.image ?? "";
const imageId = `sha256:${"a".repeat(64)}`;

/** A container as an engine gives it, of an image of the benchmark. */
function container(Name: string, command: string, more: object = {}, config: object = {}) {
  const [Path = "", ...Args] = command.split(" ");
  return {
    ...{ Name: `/${Name}`, Path, Args, Image: imageId, Created: "2025-12-31T22:00:00Z" },
    State: { Running: true, Pid: 41 },
    Config: {
      ...{ Image: image, WorkingDir: "/workspace", Labels: { maintainer: "somebody" } },
      ...{ Entrypoint: [] as string[], StopSignal: "SIGTERM", Tty: false, OpenStdin: false, ...config },
    },
    HostConfig: { Binds: null, PortBindings: {}, RestartPolicy: { Name: "", MaximumRetryCount: 0 } },
    ...more,
  };
}

const agent = container("minisweagent-0a1b2c3d", "/bin/bash -c", {}, { Entrypoint: ["/bin/bash"] });
agent.Args.push("sleep 2h");
const evaluation = container("brave_noether", "sleep infinity");
const git = container(
  "cooperbench-git",
  "git daemon --reuseaddr",
  {},
  { Image: "cooperbench-git-server:local" },
);

let folder: string;
let server: Server;
let asked: URL[];
let containers: ReturnType<typeof container>[];
let volumes: readonly object[];
beforeEach(async () => {
  folder = temporaryFolder("run-containers-");
  asked = [];
  containers = [];
  volumes = [];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://engine");
    asked.push(url);
    const json = (content: object, status = 200) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(content));
    const [, what, name = "", verb] = url.pathname.split("/").map(decodeURIComponent);
    if (what === "volumes") return json({ Volumes: volumes });
    if (what === "images") return json({ Config: { Labels: { maintainer: "somebody" } } });
    if (name === "json") return json(containers.map((one) => ({ Id: one.Name.slice(1) })));
    if (verb === "stats" && name.startsWith("stopping")) return response.writeHead(200).end();
    if (verb === "stats")
      return json({ memory_stats: { usage: 5_000_000, stats: { inactive_file: 1_000_000 } } });
    const found = containers.find((one) => one.Name === `/${name}`);
    return found && name !== "gone_today" ? json(found) : json({ message: "No such container" }, 404);
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "docker.sock"), resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const look = (references: readonly string[] = [image, "redis:alpine"]) =>
  runContainers(`unix://${folder}/docker.sock`, {
    info: engineInfo({ SystemTime: "2026-01-01T00:00:00Z" }),
    images: [{ id: imageId, digests: [], references }],
  });

test("CooperBench's own containers are told with their age by the engine's clock, and their memory", async () => {
  const stopped = container("sad_curie", "sleep infinity", { State: { Running: false, Pid: 0 } });
  containers = [agent, evaluation, stopped, git];
  const common = { image, ageSeconds: 7200, pid: 41, memoryBytes: 4_000_000 };
  expect(await look()).toEqual([
    { ...common, id: "minisweagent-0a1b2c3d", name: "minisweagent-0a1b2c3d", part: "agent" },
    { ...common, id: "brave_noether", name: "brave_noether", part: "evaluation" },
    { ...common, id: "sad_curie", name: "sad_curie", part: "evaluation", pid: undefined, memoryBytes: 0 },
    {
      ...{ ...common, id: "cooperbench-git", name: "cooperbench-git", part: "git server" },
      image: "cooperbench-git-server:local",
    },
  ]);
});

test("of one that stops while it is looked at, whose memory the engine does not tell, 0 bytes are told", async () => {
  containers = [container("stopping_euler", "sleep infinity")];
  expect(await look()).toMatchObject([{ name: "stopping_euler", memoryBytes: 0 }]);
});

test.each<[string, ReturnType<typeof container>]>([
  ["another image", { ...agent, Config: { ...agent.Config, Image: "swebench/x:1" } }],
  ["another command", { ...agent, Args: [] }],
  ["a name that somebody gave", container("debugging", "sleep infinity")],
  ["another folder", container("brave_noether", "sleep infinity", {}, { WorkingDir: "/workspace/repo" })],
  ["an entrypoint", container("brave_noether", "sleep infinity", {}, { Entrypoint: ["sleep"] })],
  ["no signal to be stopped by", container("brave_noether", "sleep infinity", {}, { StopSignal: undefined })],
  ["a terminal", container("brave_noether", "sleep infinity", {}, { Tty: true })],
  ["an input", container("brave_noether", "sleep infinity", {}, { OpenStdin: true })],
  ["a folder", container("brave_noether", "sleep infinity", { HostConfig: { Binds: ["/srv:/data"] } })],
  [
    "a mount",
    container("brave_noether", "sleep infinity", { HostConfig: { Mounts: [{ Target: "/data" }] } }),
  ],
  [
    "a port",
    container("brave_noether", "sleep infinity", { HostConfig: { PortBindings: { "80/tcp": [] } } }),
  ],
  [
    "a start by itself",
    container("brave_noether", "sleep infinity", { HostConfig: { RestartPolicy: { Name: "always" } } }),
  ],
  ["another's git server", container("cooperbench-git", "sleep infinity", {}, { Image: "alpine:3" })],
  [
    "a label",
    container("brave_noether", "sleep infinity", {}, { Labels: { "com.docker.compose.project": "mine" } }),
  ],
  [
    "the label of a stack",
    {
      ...git,
      Config: { ...git.Config, Labels: { maintainer: "x", "cooperbench-machine.stack": "lab-1" } },
    } as never,
  ],
])("a container with %s is not CooperBench's", async (_, other) => {
  containers = [other];
  expect(await look()).toEqual([]);
});

test("one that goes meanwhile, and a git server that a stack uses, are left out", async () => {
  containers = [container("gone_today", "sleep infinity"), git];
  const labels = { "cooperbench-machine.stack": "lab-1", "cooperbench-machine.record": "uses" };
  volumes = [{ Name: "v", Labels: labels }];
  expect(await look()).toEqual([]);
});

test("the engine is asked for what may be CooperBench's alone, and for its memory without a second's wait", async () => {
  containers = [agent];
  await look();
  const filters = (urls: readonly URL[]) =>
    urls.map((url) => JSON.parse(url.searchParams.get("filters") ?? "{}"));
  const lists = () => asked.filter(({ pathname }) => pathname === "/containers/json");
  expect(filters(lists())).toEqual([
    { ancestor: [image] },
    { name: ["^/?minisweagent-", "^/?cooperbench-git$"] },
  ]);
  const stats = asked.filter(({ pathname }) => pathname.endsWith("/stats"));
  expect(stats.map(({ search }) => search)).toEqual(["?stream=false&one-shot=true"]);

  asked = [];
  await look(["redis:alpine"]);
  expect(filters(lists())).toHaveLength(1);
});
