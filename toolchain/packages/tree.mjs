/**
 * What is in node_modules, by what npm writes there last, node_modules/.package-lock.json, and by each package's own
 * word: `npm install --package-lock-only` lists there what it has not installed.
 */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * An entry of a lock file.
 *
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 * @property {string | string[]} [libc]
 */

/**
 * Whether npm finished what is there.
 *
 * @param {string} root folder of the project
 */
export function isWhole(root) {
  return entriesOf(join(root, "node_modules", ".package-lock.json")) !== undefined;
}

/**
 * Whether what is there is what the lock file says for this platform, whoever installed it: no package less, none
 * more, each at its version.
 *
 * @param {string} root folder of the project
 */
export function isAsLocked(root) {
  const locked = entriesOf(join(root, "package-lock.json"));
  const there = entriesOf(join(root, "node_modules", ".package-lock.json"));
  if (!locked || !there) return false;
  const same = (/** @type {string} */ path) =>
    there[path]?.version === locked[path]?.version &&
    there[path]?.integrity === locked[path]?.integrity &&
    versionAt(join(root, path)) === locked[path]?.version;
  return (
    Object.keys(there).every((path) => path in locked && same(path)) &&
    Object.entries(locked).every(([path, entry]) => path === "" || path in there || !isNeeded(entry)) &&
    missingNode(root) === undefined
  );
}

/**
 * Name of the Node package that the lock file has for this platform, where it is not in node_modules.
 *
 * @param {string} lockRoot folder with package-lock.json and node_modules
 */
export function missingNode(lockRoot) {
  const name = `node-${process.platform}-${process.arch}`;
  const locked = entriesOf(join(lockRoot, "package-lock.json")) ?? {};
  const there = existsSync(join(lockRoot, "node_modules", name, "bin", "node"));
  return `node_modules/${name}` in locked && !there ? name : undefined;
}

/**
 * Writes the stamp that `machine` compares: the lock file, and what npm says it installed.
 *
 * @param {string} from folder with package-lock.json
 * @param {string} tree its node_modules
 * @param {string} platform as `machine` names it
 */
export function stamp(from, tree, platform) {
  const folder = join(tree, `.stamp-${platform}`);
  const temporary = mkdtempSync(join(tree, ".stamp-"));
  // Another user may use what is installed here.
  chmodSync(temporary, 0o755);
  copyFileSync(join(from, "package-lock.json"), join(temporary, "package-lock.json"));
  copyFileSync(join(tree, ".package-lock.json"), join(temporary, "installed.json"));
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
}

/**
 * An optional package is needed where it names this platform; one that names none may have gone with one that does.
 *
 * @param {Entry} entry
 */
function isNeeded({ optional = false, os, cpu, libc }) {
  if (!optional) return true;
  if (!os && !cpu && !libc) return false;
  return fits(os, process.platform) && fits(cpu, process.arch) && fits(libc, libcHere());
}

/**
 * @param {string | string[] | undefined} names those that are allowed, or with a "!" those that are not
 * @param {string} here
 */
function fits(names, here) {
  const allowed = names === undefined ? ["any"] : [names].flat();
  if (allowed.includes("any")) return true;
  if (allowed.includes(`!${here}`)) return false;
  return allowed.includes(here) || allowed.every((name) => name.startsWith("!"));
}

/** @param {string} folder of a package */
function versionAt(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  } catch {
    return undefined; // It is gone.
  }
}

function libcHere() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime ? "glibc" : "musl";
}

/**
 * @param {string} file
 * @returns {Record<string, Entry> | undefined} undefined where there is no such file, or one that was cut off
 */
function entriesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}
