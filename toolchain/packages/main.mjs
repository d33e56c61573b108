/**
 * Makes node_modules what package-lock.json says, for `machine`, which calls this where they are not. They are made
 * beside and put in place by a rename, and never while another command runs on those that are there.
 *
 * Usage: node main.mjs ROOT PLATFORM USE COMMAND, with COMMAND as in "./machine up STACK". When it ends with 0, the
 * caller's use is on record in the file USE.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "./lock.mjs";
import { npmCi } from "./npm.mjs";
import { isAsLocked, isWhole, missingNode, stamp } from "./tree.mjs";
import { forget, holders, OTHER_HOST_USE_MS, record, sweep, unrecorded } from "./uses.mjs";

/** Commands that change the machine: they run on what their sources were written for, or wait. */
const CHANGING = ["up", "destroy"];

const [root = "", platform = "", use = "", command = ""] = process.argv.slice(2);
const tree = join(root, "node_modules");
const packages = join(root, ".packages");
const uses = join(packages, "uses");
const lock = join(packages, "lock");
const report = (/** @type {string} */ line) => process.stderr.write(`machine: ${line}\n`);

/** The other commands that run on what is in node_modules. */
function users() {
  const recorded = holders(uses, OTHER_HOST_USE_MS).filter(({ file }) => file !== use);
  const pids = new Set(recorded.map(({ pid }) => pid));
  return [...recorded, ...unrecorded(root).filter(({ pid }) => !pids.has(pid))];
}

/** Whether one of them started this command, and waits for it. */
function isWithin(/** @type {readonly { file: string }[]} */ others) {
  return others.some(({ file }) => file !== "" && file === process.env.COOPERBENCH_PACKAGES_USE);
}

/**
 * One try, under the lock. Gives the users that have to end first.
 *
 * @returns {Promise<readonly { name: string }[]>}
 */
async function attempt() {
  clean();
  sweep(uses, OTHER_HOST_USE_MS);
  if (isAsLocked(root)) {
    try {
      stamp(root, tree, platform);
    } catch {
      // Another user's packages, or a full disk: the next command looks at them in the same way.
    }
    return ready();
  }
  let others = isWhole(root) ? users() : [];
  if (others.length === 0) {
    const beside = mkdtempSync(join(packages, "new-"));
    try {
      await npmCi(root, beside, report);
      checkNode(beside);
      stamp(beside, join(beside, "node_modules"), platform);
      // One that could leave no record may have started meanwhile.
      others = isWhole(root) ? users() : [];
      if (others.length === 0) {
        putInPlace(join(beside, "node_modules"));
        return ready();
      }
    } finally {
      rmSync(beside, { recursive: true, force: true });
      clean();
    }
  }
  if (CHANGING.includes(command.split(" ")[1] ?? "") && !isWithin(others)) return others;
  report(
    `package-lock.json has changed, and ${others[0]?.name} still runs on the packages from before: this command uses them, too. The first command after it installs the new ones`,
  );
  return ready();
}

function ready() {
  try {
    record(use, process.ppid, command);
  } catch {
    // A full disk: as in `machine`, the command does without.
  }
  return [];
}

/** Removes what a process left that was cut off. Between its two renames, what was there before comes back. */
function clean() {
  for (const name of readdirSync(packages).filter((name) => /^(new|old)-/.test(name))) {
    const left = join(packages, name);
    try {
      if (name.startsWith("old-") && !existsSync(tree)) renameSync(left, tree);
      else rmSync(left, { recursive: true, force: true });
    } catch {
      // Another user's: it costs room, and whoever may remove it does so.
    }
  }
}

function putInPlace(/** @type {string} */ made) {
  const old = join(packages, `old-${basename(dirname(made))}`);
  const before = existsSync(tree);
  try {
    if (before) renameSync(tree, old);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const what = `machine: ${tree} cannot be exchanged for what package-lock.json asks for: `;
    if (code === "EBUSY" || code === "EXDEV") {
      const fix = `(cd '${root}' && npm ci --include=dev --include=optional), while no other command runs`;
      throw new Error(`${what}it is a mount (${message})\nFix: ${fix}`);
    }
    if (code === "EACCES" || code === "EPERM") {
      throw new Error(
        `${what}it belongs to another user\nFix: sudo chown -R "$(id -u)" '${tree}' '${packages}'`,
      );
    }
    throw error;
  }
  try {
    renameSync(made, tree);
  } catch (error) {
    if (before) renameSync(old, tree);
    throw error;
  }
}

function checkNode(/** @type {string} */ folder) {
  const name = missingNode(folder);
  if (name === undefined) return;
  throw new Error(
    `machine: npm ci left out ${name}, the Node.js that this project runs on: npm skips an optional package that it cannot download\nFix: npm view ${name} version shows why; then run the command again`,
  );
}

/** The folder that this user may not write in, where there is one: then what is there has to do. */
function closedFolder() {
  for (const folder of [root, packages, uses, lock]) {
    try {
      if (folder !== root) mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
    } catch (error) {
      const { code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
      if (!["EACCES", "EPERM", "EROFS"].includes(code)) throw error;
      return folder;
    }
  }
  return undefined;
}

async function main() {
  const closed = closedFolder();
  if (closed !== undefined) {
    if (isAsLocked(root)) return;
    const what = isWhole(root) ? "are not those of its package-lock.json" : "are not installed";
    throw new Error(
      `machine: this project's packages ${what}, and you may not write in ${closed}\nFix: have the owner of that folder run ./machine exec true, or use a clone of your own`,
    );
  }
  forget(use);
  for (let told = false; ; told = true) {
    const others = await withLock(lock, command, report, attempt);
    if (others.length === 0) return;
    if (!told) {
      report(
        `package-lock.json has changed, and these run on the packages from before: ${others.map(({ name }) => name).join(", ")}. Waiting for them to end; Ctrl-C ends the wait`,
      );
    }
    while (users().length > 0) await sleep(500);
  }
}

try {
  await main();
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  process.stderr.write(
    `${message.startsWith("machine:") || message.includes("\nmachine:") ? "" : "machine: "}${message}\n`,
  );
  process.exitCode = 1;
}
