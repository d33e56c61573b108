import { existsSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../../lib/problem.ts";
import type { Python } from "../python.ts";
import { sitePackages } from "./interpreter.ts";
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
  const site = sitePackages(venv);
  const broken = site !== undefined && existsSync(site) ? incompletePackages(site).map(packageOf) : [];
  if (hasLock(folder)) {
    const again = broken.flatMap((name) => ["--reinstall-package", name]);
    return writeWithUv(install, ["--quiet", ...syncArgs(install), ...again]);
  }
  const requirement = extras.length > 0 ? `.[${extras.join(",")}]` : ".";
  const again = broken.flatMap((name) => ["--reinstall-package", name]);
  const target = ["--python", pythonOf(venv), ...again, "--editable", requirement];
  return writeWithUv(install, ["pip", "install", "--quiet", ...target]);
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
export async function assertSuits(install: Install, python: Python, fix: string): Promise<void> {
  if (!hasLock(install.folder)) return; // uv tells at the installation
  const { stdout, stderr } = await askUv(install, [...syncArgs(install, python.path), "--check"]);
  const wanted = /incompatible with the project's Python requirement: `([^`]+)`/.exec(stderr + stdout)?.[1];
  if (wanted === undefined) return;
  throw new Problem(
    `Python ${python.version} (${python.path}) does not suit CooperBench in ${install.folder}, which requires Python ${wanted}. Nothing was changed.\nFix: ${fix}`,
  );
}
