import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MARK } from "../benchmark/stand-ins.ts";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { endService, runningService } from "./processes.ts";
import { askEnd, portStatus, socketOf } from "./relay-client.ts";
import { startAndWait } from "./service.ts";
import type { Tools } from "./tools.ts";

/**
 * A rehearsal's network: a namespace that its processes alone hold, so that it is gone when they are. HOLDER is the first
 * of them, and the inner end of what joins it to the machine's loopback; RELAY is the outer end.
 */
const HOLDER = "network";
const RELAY = "relay";

/** Whether the network is there, made by this program, and joined to the network that this process is in. */
async function networkAnswers(dir: string): Promise<boolean> {
  const [holder, relay] = [runningService(dir, HOLDER), runningService(dir, RELAY)];
  if (holder === undefined || relay === undefined || !isOfThisProgram(dir)) return false;
  return namespaceOf(relay) === namespaceOf("self") && (await portStatus(dir)) !== undefined;
}

/** Whether the process that holds the network runs, and is of this program. */
export async function isHeld(dir: string): Promise<boolean> {
  if (runningService(dir, HOLDER) === undefined || !isOfThisProgram(dir)) return false;
  return (await askEnd(dir, "inside", "ping")) === "ok";
}

/** Makes the network, unless it is held, and joins it to the machine's loopback, unless it is. */
export async function startNetwork(dir: string, tools: Tools): Promise<void> {
  if (await networkAnswers(dir)) return;
  await endService(dir, RELAY, 2);
  if (!(await isHeld(dir))) {
    await endService(dir, HOLDER, 2);
    await startHolder(dir, tools);
  }
  await startAndWait({
    dir,
    name: RELAY,
    argv: [process.execPath, script("relay-outside.ts"), socketOf(dir, "inside"), socketOf(dir, "outside")],
    env: tools.env,
    answers: async () => (await portStatus(dir)) !== undefined,
    startSeconds: 30,
  });
}

async function startHolder(dir: string, tools: Tools): Promise<void> {
  const namespace = namespaceOf("self") ?? "";
  await startAndWait({
    dir,
    name: HOLDER,
    argv: [
      ...["unshare", "--net", "--", "/bin/sh", script("network.sh")],
      ...[namespace, tools.busybox, tools.iptables],
      ...[process.execPath, script("relay-inside.ts")],
      ...[socketOf(dir, "inside"), socketOf(dir, "outside"), join(dir, MARK)],
    ],
    env: networkEnv(dir, tools),
    answers: async () => (await askEnd(dir, "inside", "ping")) === "ok",
    startSeconds: 30,
  });
  writeWhole(recordFile(dir), programHash());
}

/** Ends what joins and holds the network: with the last process in it, it is gone. */
export async function endNetwork(dir: string): Promise<void> {
  await endService(dir, RELAY, 2);
  await endService(dir, HOLDER, 2);
}

/** The command that runs another in the network. It becomes that one, and keeps its pid. */
export function inNetwork(dir: string, argv: readonly string[]): readonly string[] {
  const holder = runningService(dir, HOLDER);
  if (holder === undefined)
    throw new Problem(
      `no process holds the network of the rehearsal in ${dir}`,
      machine("rehearsal", "start", dir),
    );
  return ["nsenter", `--net=/proc/${holder}/ns/net`, "--", ...argv];
}

/** What programs in the network need beside the tools' own: no lock that is shared with the machine's iptables. */
export function networkEnv(dir: string, tools: Pick<Tools, "env">): Readonly<Record<string, string>> {
  return { ...tools.env, XTABLES_LOCKFILE: join(dir, "run", "xtables.lock") };
}

/** Whether a process is in the rehearsal's network. */
export function isInNetwork(dir: string, pid: number): boolean {
  const holder = runningService(dir, HOLDER);
  const namespace = holder === undefined ? undefined : namespaceOf(holder);
  return namespace !== undefined && namespace !== namespaceOf("self") && namespaceOf(pid) === namespace;
}

function namespaceOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // It has ended.
  }
}

/** Both ends speak the same: those of another version of these files are ended, with what lives in their network. */
function isOfThisProgram(dir: string): boolean {
  return existsSync(recordFile(dir)) && readFileSync(recordFile(dir), "utf8") === programHash();
}

function recordFile(dir: string): string {
  return join(dir, "run", "network.program");
}

function programHash(): string {
  const folder = script(".");
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort())
    if (/^(relay.*\.ts|network\.sh)$/.test(name))
      hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
