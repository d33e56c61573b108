import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { controlGroup, removeControlGroup } from "./control-group.ts";
import { answersOk, ask } from "./http.ts";
import { inNetwork, isInNetwork, networkEnv } from "./network.ts";
import { endProcess, endService, findProcesses, runningService } from "./processes.ts";
import { startAndWait } from "./service.ts";
import type { Tools } from "./tools.ts";

const NAME = "dockerd";

/** The longest path of a socket that containerd makes: the kernel would take 107 bytes, it takes 104. */
const SOCKET_LIMIT = 104;

/** The longest socket that the engine makes in DIR. */
const LONGEST_SOCKET = "exec/containerd/containerd.sock.ttrpc";

/** @throws Error when the folder's path leaves no room for the engine's sockets. */
export function checkSocketLength(dir: string): void {
  const limit = SOCKET_LIMIT - LONGEST_SOCKET.length - 1;
  const got = Buffer.byteLength(dir);
  if (got > limit)
    throw new Problem(
      `the rehearsal's folder ${dir} has a path of ${got} bytes; at most ${limit} leave room for the engine's sockets`,
      { command: ["export", "COOPERBENCH_REHEARSAL_DIR=FOLDER"], when: "to use a shorter path" },
    );
}

/**
 * Starts the private engine in the rehearsal's network, with the registry on `port` as its mirror of Docker Hub, or finds
 * it running there. Without a port, it has no mirror.
 */
export async function startEngine(dir: string, port: number | undefined, tools: Tools): Promise<void> {
  const arguments_ = engineArguments(dir, port);
  const record = join(dir, "run", "dockerd.arguments");
  const same = existsSync(record) && readFileSync(record, "utf8") === arguments_.join("\n");
  const running = runningService(dir, NAME);
  // One that is only slow, on a machine that is busy, is not ended under what uses it.
  if (same && running !== undefined && isInNetwork(dir, running) && (await engineAnswers(dir, 15_000)))
    return;
  await endEngine(dir);
  // As after a reboot: what a killed engine says of its containers there would only hold the next one up.
  rmSync(join(dir, "exec"), { recursive: true, force: true });
  // Nor does it start where the number in there is another process's by now.
  rmSync(join(dir, "run", "engine.pid"), { force: true });
  writeWhole(join(dir, "daemon.json"), "{}\n");
  await startAndWait({
    dir,
    name: NAME,
    // In a mount namespace of its own, every mount of the engine goes with its last process.
    argv: inNetwork(dir, [
      ...["unshare", "--mount", "--propagation", "slave", "--"],
      ...inNamespace(dir, tools.dockerd),
      ...arguments_,
    ]),
    env: engineEnv(dir, tools),
    answers: () => engineAnswers(dir),
    startSeconds: 60,
  });
  writeWhole(record, arguments_.join("\n"));
}

/** Ends the engine with all its containers, and what a killed engine left running. */
export async function endEngine(dir: string): Promise<void> {
  await endProcesses(dir, removeContainersAndNetworks);
}

/** The same, but the containers are only stopped, and the networks stay: the next engine has them. */
export async function stopEngine(dir: string): Promise<void> {
  await endProcesses(dir, killContainers);
}

async function endProcesses(dir: string, first: (dir: string) => Promise<void>): Promise<void> {
  // One that does not answer is ended the hard way, and its containers through their control group.
  if (runningService(dir, NAME) !== undefined) await first(dir).catch(() => {});
  await endService(dir, NAME, 30);
  for (const pid of findProcesses(dir).filter((pid) => pid !== runningService(dir, "registry")))
    await endProcess(pid, dir, 3);
  await removeControlGroup(dir);
}

/** Whether the engine answers. */
export function engineAnswers(dir: string, timeoutMs = 2000): Promise<boolean> {
  return answersOk({ socketPath: join(dir, "docker.sock"), path: "/_ping", timeoutMs });
}

/**
 * A container that ignores SIGTERM would hold the engine's end up for its whole grace time. The bridge of a network would
 * stay on the machine where the engine is of a version that ran in the machine's own network.
 */
async function removeContainersAndNetworks(dir: string): Promise<void> {
  await askOfEach(dir, "/containers/json?all=1", ({ Id }) => ["DELETE", `/containers/${Id}?force=1&v=1`]);
  await askOfEach(dir, "/networks", ({ Id, Name = "" }) =>
    ["bridge", "host", "none"].includes(Name) ? undefined : ["DELETE", `/networks/${Id}`],
  );
}

function killContainers(dir: string): Promise<void> {
  return askOfEach(dir, "/containers/json", ({ Id }) => ["POST", `/containers/${Id}/kill`]);
}

/** Asks the engine something of each thing that it lists. */
async function askOfEach(
  dir: string,
  list: string,
  question: (of: {
    readonly Id: string;
    readonly Name?: string;
  }) => readonly [method: string, path: string] | undefined,
): Promise<void> {
  const socketPath = join(dir, "docker.sock");
  const { body } = await ask({ socketPath, path: list, timeoutMs: 5000 });
  for (const one of JSON.parse(body.toString())) {
    const [method, path] = question(one) ?? [];
    if (path !== undefined) await ask({ socketPath, method, path });
  }
}

/** Everything that an engine shares with others by default is the rehearsal's own. */
function engineArguments(dir: string, port: number | undefined): string[] {
  return [
    `--config-file=${join(dir, "daemon.json")}`,
    `--data-root=${join(dir, "data")}`,
    `--exec-root=${join(dir, "exec")}`,
    `--pidfile=${join(dir, "run", "engine.pid")}`,
    `--host=unix://${join(dir, "docker.sock")}`,
    "--group=root",
    ...(port === undefined ? [] : [`--registry-mirror=http://127.0.0.1:${port}`]),
    "--exec-opt=native.cgroupdriver=cgroupfs",
    `--cgroup-parent=/${controlGroup(dir)}`,
  ];
}

function inNamespace(dir: string, dockerd: string): string[] {
  const script = fileURLToPath(new URL("engine.sh", import.meta.url));
  return ["/bin/sh", script, dir, readlinkSync("/proc/self/ns/mnt"), dockerd];
}

/**
 * The engine finds a `modprobe` that does nothing. It would load br_netfilter, which has every bridge of the machine pass
 * through the machine's firewall.
 */
function engineEnv(dir: string, tools: Tools): Readonly<Record<string, string>> {
  const folder = join(dir, "engine-bin");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "modprobe"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  const env = networkEnv(dir, tools);
  return { ...env, PATH: `${folder}:${env.PATH}` };
}
