import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { recordedRuns } from "../../cli/recorded-runs.ts";
import { findState, names, stateFiles } from "../../cli/state-files.ts";
import type { Lab } from "./lab.ts";

const projectDir = resolve(import.meta.dirname, "../..");

/** What is killed: Pulumi alone, one of its plugins, or everything down to the last step. */
export const victims = ["pulumi", "plugin", "everything"] as const;
export type Victim = (typeof victims)[number];

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Temporary files of a lab's commands: what is left of them is seen. */
export function temporaryFiles(lab: Lab): string {
  const folder = join(lab.folder, "tmp");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What can be taken away, so that an update has something to do. */
export const losses = ["images", ".env", "environment"] as const;
export type Loss = (typeof losses)[number];

/** Takes it away. */
export async function lose(lab: Lab, kinds: readonly Loss[]): Promise<void> {
  if (kinds.includes("images")) await lab.removeImages();
  if (kinds.includes(".env")) rmSync(lab.dotenv, { force: true });
  if (kinds.includes("environment")) rmSync(join(lab.checkout, ".venv"), { recursive: true, force: true });
}

/**
 * Starts a command and kills something of it after so many milliseconds, counted from the first moment of Pulumi.
 *
 * @returns whether it was still running then.
 */
export async function kill(
  lab: Lab,
  args: readonly string[],
  victim: Victim,
  afterMs: number,
): Promise<boolean> {
  const child = spawn(join(projectDir, "machine"), args, {
    cwd: projectDir,
    env: { ...lab.env, TMPDIR: temporaryFiles(lab) },
    stdio: "ignore",
    detached: true,
  });
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  const runs = () => recordedRuns(lab.env).filter(({ pid }) => existsSync(`/proc/${pid}`));
  while (runs().length === 0 && child.exitCode === null) await sleep(5);
  await sleep(afterMs);
  const isRunning = child.exitCode === null;
  await killNow(child, victim, runs()[0]?.pid);
  if (victim === "plugin") await ended;
  else await Promise.race([ended, sleep(20_000)]);
  return isRunning;
}

async function killNow(child: ChildProcess, victim: Victim, pulumi: number | undefined): Promise<void> {
  const all = descendants(Number(child.pid));
  if (victim === "everything") {
    // Stopped first, so that none starts another meanwhile.
    for (const pid of all) signal(pid, "SIGSTOP");
    for (const pid of [...all, ...descendants(Number(child.pid))]) signal(pid, "SIGKILL");
    return;
  }
  if (victim === "pulumi" && pulumi !== undefined) signal(pulumi, "SIGKILL");
  if (victim === "plugin") {
    for (const end = Date.now() + 10_000; child.exitCode === null && Date.now() < end; await sleep(5)) {
      const plugin = descendants(Number(child.pid)).find((pid) => /^pulumi-resource-/.test(programOf(pid)));
      if (plugin !== undefined) return signal(plugin, "SIGKILL");
    }
  }
}

/** A process and all that it has started, themselves or by others, whatever session they are in. */
function descendants(root: number): readonly number[] {
  const parents = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => ({ pid: Number(entry), parent: parentOf(Number(entry)) }));
  const below = (pid: number): readonly number[] => [
    pid,
    ...parents.filter(({ parent }) => parent === pid).flatMap((one) => below(one.pid)),
  ];
  return below(root);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

function programOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return "";
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Expects that nothing of a killed update is left. */
export async function expectNothingLeft(lab: Lab, stack: string): Promise<void> {
  const files = stateFiles({ stack, projectDir, env: lab.env });
  if (files === undefined) throw new Error("the lab's state is not in files");
  expect(names(files.locks), "locks").toEqual([]);
  const state = findState(files);
  expect(state.kind === "whole" && state.pending, "pending operations").toEqual([]);
  expect(recordedRuns(lab.env), "records of runs").toEqual([]);
  // One that the dead client has asked for may be removed only now, by its own end.
  await expect.poll(() => lab.containers(), { message: "containers", timeout: 10_000 }).toEqual([]);
  // uv leaves its locks there, whatever happens.
  const folders = names(temporaryFiles(lab)).filter((name) => !/^uv-.*\.lock$/.test(name));
  expect(folders, "temporary folders").toEqual([]);
}
