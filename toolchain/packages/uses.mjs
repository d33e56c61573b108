/**
 * Which processes use the project's packages, or are installing them. Each has a file of its own, PID@HOST, with the
 * time it started and its command; `machine` writes one for itself, as it starts. A file whose process is gone counts
 * as none, whoever left it.
 *
 * All files of this folder run on any Node.js from 18 on: they are what brings the project's own.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** A process on another host cannot be asked: its file counts for so long after its last change. */
export const OTHER_HOST_USE_MS = 24 * 3_600_000;

/**
 * A process with a file.
 *
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string} name what to call it in a message
 * @property {string} file
 */

/**
 * The processes that run, of those with a file in this folder.
 *
 * @param {string} folder
 * @param {number} otherHostMs how long a file of another host counts
 * @returns {Holder[]}
 */
export function holders(folder, otherHostMs) {
  return namesIn(folder).flatMap((name) => {
    const file = join(folder, name);
    const [pid, host = ""] = [Number.parseInt(name, 10), name.slice(name.indexOf("@") + 1)];
    const [started = "", command = ""] = (read(file) ?? "").split("\n");
    const runs = host === hostname() ? isSame(pid, started) : isFresh(file, otherHostMs);
    if (!runs) return [];
    const where = host === hostname() ? "" : ` on ${host}; where that is gone, remove ${file}`;
    return [{ pid, name: `process ${pid} (${command.trim() || "./machine"}${where})`, file }];
  });
}

/**
 * Removes the files of processes that are gone.
 *
 * @param {string} folder
 * @param {number} otherHostMs
 */
export function sweep(folder, otherHostMs) {
  const files = new Set(holders(folder, otherHostMs).map(({ file }) => file));
  for (const name of namesIn(folder)) if (!files.has(join(folder, name))) forget(join(folder, name));
}

/**
 * Processes that use the packages without a file: commands of users who may not write here, and the programs of
 * Pulumi, which can be started without `machine` and outlive one that is killed. Linux alone tells.
 *
 * @param {string} root folder of the project
 * @returns {Holder[]}
 */
export function unrecorded(root) {
  const main = join(root, "cli", "main.ts");
  const runner = join(root, "node_modules", "@pulumi", "pulumi", "cmd", "run");
  const pids = namesIn("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((name) => {
    const words = (read(`/proc/${name}/cmdline`) ?? "").split("\0");
    const at = words.indexOf(main);
    const isPulumi = words.some((word) => word === runner || word.startsWith(`${runner}/`));
    if ((at === -1 && !isPulumi) || isElsewhere(name, root)) return [];
    const command = isPulumi ? "pulumi" : ["./machine", ...words.slice(at + 1, at + 3)].join(" ").trim();
    return [{ pid: Number(name), name: `process ${name} (${command})`, file: "" }];
  });
}

/**
 * Writes a process's file.
 *
 * @param {string} file
 * @param {number} pid
 * @param {string} command
 */
export function record(file, pid, command) {
  writeFileSync(file, `${startOf(pid)}\n${command}\n`);
}

/** @param {string} file */
export function forget(file) {
  try {
    rmSync(file, { force: true });
  } catch {
    // A folder of another user: then there is none of ours.
  }
}

/**
 * When a process started, as `machine` writes it, or "" where there is none.
 *
 * @param {number} pid
 */
export function startOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    // After the program's name, which may have any character in it, the 20th word.
    const ticks = stat.slice(stat.lastIndexOf(") ") + 2).split(" ")[19];
    return `${ticks} ${(read("/proc/sys/kernel/random/boot_id") ?? "").trim()}`;
  }
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC0" };
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "";
  }
}

/**
 * Whether the process runs and is the one that the file is of, not a later one of its number.
 *
 * @param {number} pid
 * @param {string} started
 */
function isSame(pid, started) {
  const now = startOf(pid);
  // A file without a time is being written.
  return now !== "" && (started.trim() === "" || started.trim() === now);
}

/**
 * Whether a process of that command line works on another folder of this name: in a container, or a chroot.
 *
 * @param {string} pid
 * @param {string} root
 */
function isElsewhere(pid, root) {
  try {
    const [theirs, ours] = [statSync(`/proc/${pid}/root${root}`), statSync(root)];
    return theirs.ino !== ours.ino || theirs.dev !== ours.dev;
  } catch {
    return false; // Another user's, which may not be looked at.
  }
}

/**
 * @param {string} file
 * @param {number} milliseconds
 */
function isFresh(file, milliseconds) {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) < milliseconds;
}

/** @param {string} folder */
function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
