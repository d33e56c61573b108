import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../../lib/problem.ts";
import { hasIndex } from "../../../lib/python-index.ts";
import { machine } from "../../../lib/remedy.ts";
import type { Python } from "../python.ts";
import { sitePackages } from "./interpreter.ts";
import { requirementsFile } from "./marker.ts";
import { incompletePackages, packageOf } from "./records.ts";
import { askUv, type UvPlace, writeWithUv } from "./uv.ts";

/** What is installed. */
export interface Install extends UvPlace {
  /** Extras of the editable install. */
  readonly extras: readonly string[];
}

// The Python is named, so that neither UV_PYTHON nor a pin above the checkout has uv throw the environment away.
const syncArgs = ({ venv, extras }: Install, python = pythonOf(venv)) => [
  "sync",
  "--frozen",
  "--inexact",
  ...extras.flatMap((extra) => ["--extra", extra]),
  "--python",
  python,
];
const pythonOf = (venv: string) => join(venv, "bin", "python");
const hasLock = (folder: string) => existsSync(join(folder, "uv.lock"));

/** Whether uv finds nothing to install: from the source's own uv.lock where it has one. */
export async function isInSync(install: Install): Promise<boolean> {
  const args = hasLock(install.folder)
    ? [...syncArgs(install), "--check"]
    : ["pip", "check", "--python", pythonOf(install.venv)];
  return (await askUv(install, args)).code === 0;
}

/** Installs what is missing, packages that lack files among it. Others that were added stay. */
export async function sync(install: Install): Promise<void> {
  const { folder, venv, extras } = install;
  if (hasLock(folder)) {
    if (hasIndex(process.env)) await installFromIndex(install);
    return writeWithUv(install, ["--quiet", ...syncArgs(install), ...again(venv)]);
  }
  const requirement = extras.length > 0 ? `.[${extras.join(",")}]` : ".";
  const target = ["--python", pythonOf(venv), ...again(venv), "--editable", requirement];
  return writeWithUv(install, ["pip", "install", "--quiet", ...target]);
}

/** The options that have packages made again which lack files. */
function again(venv: string): readonly string[] {
  const site = sitePackages(venv);
  const broken = site !== undefined && existsSync(site) ? incompletePackages(site).map(packageOf) : [];
  return broken.flatMap((name) => ["--reinstall-package", name]);
}

/**
 * Installs what uv.lock has, each file by its hash, from the index that the user has in place of PyPI: a sync asks for
 * them where uv.lock says, which that index may be there to avoid. What is no index's, such as the checkout's own
 * packages, is left to the sync.
 */
async function installFromIndex(install: Install): Promise<void> {
  const { venv, extras } = install;
  const file = requirementsFile(venv);
  const what = ["--frozen", "--no-emit-project", "--no-annotate", "--no-header", "--output-file", file];
  const ofExtras = extras.flatMap((extra) => ["--extra", extra]);
  await writeWithUv(install, ["export", "--quiet", ...what, ...ofExtras, "--python", pythonOf(venv)]);
  const entries = readFileSync(file, "utf8").split(/\n(?=\S)/);
  const ofIndex = entries.filter((entry) => /^[\w.-]+(\[[^\]]*\])?==/.test(entry));
  writeFileSync(file, `${ofIndex.join("\n")}\n`);
  const how = ["--quiet", "--no-deps", "--require-hashes", "--python", pythonOf(venv), ...again(venv)];
  await writeWithUv(install, ["pip", "install", ...how, "--requirements", file]);
  rmSync(file);
}

/** Makes an environment in a folder that has nothing but this project's own notes. */
export function makeFrame(install: Install, python: Python): Promise<void> {
  return writeWithUv(install, ["venv", "--quiet", "--allow-existing", "--python", python.path, install.venv]);
}

/**
 * Asks uv whether the checkout runs on a Python, and changes nothing.
 *
 * @throws a Problem where it does not.
 */
export async function assertSuits(install: Install, python: Python, stack: string): Promise<void> {
  if (!hasLock(install.folder)) return; // uv tells at the installation
  const { stdout, stderr } = await askUv(install, [...syncArgs(install, python.path), "--check"]);
  const wanted = /incompatible with the project's Python requirement: `([^`]+)`/.exec(stderr + stdout)?.[1];
  if (wanted === undefined) return;
  throw new Problem(
    `Python ${python.version} (${python.path}) cannot run the CooperBench in ${install.folder}, which requires Python ${wanted}. Nothing was changed`,
    machine("set", stack, "pythonVersion", "VERSION"),
  );
}
