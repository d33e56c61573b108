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
    stamp(root, tree, platform);
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
  record(use, process.ppid, command);
  return [];
}

/** Removes what a process left that was cut off. Between its two renames, what was there before comes back. */
function clean() {
  for (const name of readdirSync(packages).filter((name) => /^(new|old)-/.test(name))) {
    const left = join(packages, name);
    if (name.startsWith("old-") && !existsSync(tree)) renameSync(left, tree);
    else rmSync(left, { recursive: true, force: true });
  }
}

function putInPlace(/** @type {string} */ made) {
  const old = join(packages, `old-${basename(dirname(made))}`);
  const before = existsSync(tree);
  try {
    if (before) renameSync(tree, old);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const isMount = code === "EBUSY" || code === "EXDEV";
    if (!isMount) throw error;
    throw new Error(
      `machine: ${tree} is a mount, which cannot be exchanged for what package-lock.json asks for (${message})\nFix: (cd '${root}' && npm ci --include=dev --include=optional), while no other command runs`,
    );
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

/** Where nothing may be written, what is there has to do. */
function isReadOnly() {
  try {
    accessSync(root, constants.W_OK);
    mkdirSync(uses, { recursive: true });
    accessSync(packages, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

async function main() {
  if (isReadOnly()) {
    if (isAsLocked(root)) return;
    const what = isWhole(root) ? "are not those of its package-lock.json" : "are not installed";
    throw new Error(
      `machine: this project's packages ${what}, and you may not write in ${root}\nFix: have the owner of that folder run ./machine help, or use a clone of your own`,
    );
  }
  forget(use);
  for (let told = false; ; told = true) {
    const others = await withLock(join(packages, "lock"), command, report, attempt);
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
