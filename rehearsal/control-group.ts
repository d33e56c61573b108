import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../lib/problem.ts";
import { until } from "./processes.ts";

const ROOT = "/sys/fs/cgroup";

/**
 * The control group above all containers of the rehearsal in `dir`. Control groups are the machine's, in
 * a chroot too, so the name comes from the folder's inode and not from its path.
 */
export function controlGroup(dir: string): string {
  const { dev, ino, birthtimeMs } = statSync(dir);
  const key = createHash("sha256").update(`${dev}:${ino}:${birthtimeMs}`).digest("hex").slice(0, 12);
  return `cooperbench-rehearsal-${key}`;
}

/** Kills what still runs in the rehearsal's control group, and removes the group. */
export async function removeControlGroup(dir: string): Promise<void> {
  const group = controlGroup(dir);
  // Version 2 has one tree; version 1 has one for each controller.
  const trees = existsSync(ROOT) ? [ROOT, ...readdirSync(ROOT).map((name) => join(ROOT, name))] : [];
  for (const top of trees.map((tree) => join(tree, group)).filter((folder) => existsSync(folder))) {
    const folders = below(top);
    const removed = await until(() => {
      for (const pid of folders.flatMap(processesIn)) kill(pid);
      return folders.every(removeFolder);
    }, 5);
    if (!removed)
      throw new Problem(`the control group ${top} cannot be removed: a process in it does not end`, {
        advice: "restart the machine: the kernel holds it",
      });
  }
}

/** The group and those in it, the innermost first. */
function below(folder: string): string[] {
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((entry) => below(join(folder, entry.name))), folder];
}

function processesIn(folder: string): number[] {
  if (!existsSync(join(folder, "cgroup.procs"))) return [];
  // 0 is a process that this namespace does not see; a signal to it would reach ourselves.
  return readFileSync(join(folder, "cgroup.procs"), "utf8")
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 1);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
