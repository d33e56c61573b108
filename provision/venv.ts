import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Marker, readOwnMarker, writeMarker } from "./marker.ts";
import type { Owner } from "./owner.ts";
import { Problem } from "./problem.ts";
import { findPython, meets } from "./python.ts";
import { output, run } from "./run.ts";

/** The virtual environment that is wanted. */
export interface Venv {
  /** Folder of the CooperBench checkout; the environment is its `.venv`, where uv and its users look for it. */
  readonly folder: string;
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Wanted Python, such as 3.12 or >=3.10. */
  readonly pythonVersion: string;
  /** Extras of the editable install. */
  readonly extras: readonly string[];
}

/** The virtual environment that is there. */
export interface VenvResult {
  /** Folder of the environment. */
  readonly venv: string;
  readonly pythonVersion: string;
  /** Whether the stack made it, and so may remove it. */
  readonly made: boolean;
  /** When it was last changed, in ISO 8601. */
  readonly changed: string;
}

const venvOf = (folder: string) => join(folder, ".venv");

interface VenvMarker extends Marker {
  /** When the stack has last changed it, in ISO 8601. */
  readonly changed: string;
}

const markerFile = (folder: string) => join(venvOf(folder), "cooperbench-machine.json");
const markerOf = (folder: string, owner: Owner) => readOwnMarker<VenvMarker>(markerFile(folder), owner);

/** What is wrong with the environment at first sight (no program is run); undefined where nothing is. */
export function inspectVenv(folder: string): string | undefined {
  const venv = venvOf(folder);
  if (!existsSync(venv)) return "it is missing";
  const missing = ["pyvenv.cfg", "bin/python", "bin/cooperbench"].filter(
    (file) => !existsSync(join(venv, file)),
  );
  return missing.length > 0 ? `it has no ${missing.join(", no ")}` : undefined;
}

/**
 * Makes the environment and the editable install with uv, finds them good, or mends them. From the source's own
 * uv.lock where it has one. Packages that the user added stay; an environment that the user made and that cannot be
 * mended is moved aside.
 */
export async function ensureVenv(wanted: Venv, report: (line: string) => void): Promise<VenvResult> {
  const { folder, owner, pythonVersion, extras } = wanted;
  const venv = venvOf(folder);
  let version = await versionOf(venv);
  if (version === undefined || !meets(version, pythonVersion)) {
    const python = await findPython(pythonVersion, report);
    report(`making ${venv} with Python ${python.version}`);
    await clearWay(folder, owner, report);
    await uv(folder, ["venv", "--quiet", "--python", python.path, ".venv"]);
    writeMarker<VenvMarker>(markerFile(folder), {
      ...owner,
      path: resolve(venv),
      changed: new Date().toISOString(),
    });
    version = python.version;
  } else if (await isInstalled(wanted)) {
    const marker = markerOf(folder, owner);
    return { venv, pythonVersion: version, made: marker !== undefined, changed: marker?.changed ?? "before" };
  }
  report(`installing cooperbench${extras.length > 0 ? `[${extras.join(",")}]` : ""} into ${venv}`);
  await install(wanted);
  const changed = new Date().toISOString();
  const made = markerOf(folder, owner) !== undefined;
  if (made) writeMarker<VenvMarker>(markerFile(folder), { ...owner, path: resolve(venv), changed });
  return { venv, pythonVersion: version, made, changed };
}

/** Removes the environment where the stack made it. */
export async function removeVenv(folder: string, owner: Owner): Promise<void> {
  if (markerOf(folder, owner) !== undefined) await rm(venvOf(folder), { recursive: true });
}

async function versionOf(venv: string): Promise<string | undefined> {
  const question = "import sys; print('.'.join(map(str, sys.version_info[:3])))";
  try {
    return await output(join(venv, "bin", "python"), ["-I", "-c", question], { timeoutSeconds: 30 });
  } catch {
    return undefined; // missing or broken: it is made anew
  }
}

async function clearWay(folder: string, owner: Owner, report: (line: string) => void): Promise<void> {
  const venv = venvOf(folder);
  if (!existsSync(venv)) return;
  if (markerOf(folder, owner) !== undefined) return rm(venv, { recursive: true });
  const aside = `${venv}.kept-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  report(
    `${venv} is not of the wanted Python, or broken; this stack did not make it, so it is kept as ${aside}`,
  );
  await rename(venv, aside);
}

const hasLock = (folder: string) => existsSync(join(folder, "uv.lock"));
const syncArgs = ({ extras }: Venv) => [
  "sync",
  "--frozen",
  "--inexact",
  ...extras.flatMap((extra) => ["--extra", extra]),
];

async function isInstalled(wanted: Venv): Promise<boolean> {
  if (inspectVenv(wanted.folder) !== undefined) return false;
  if (!hasLock(wanted.folder)) {
    const check = await run("uv", ["pip", "check", "--python", ".venv"], inVenv(wanted.folder));
    return check.code === 0;
  }
  return (await run("uv", [...syncArgs(wanted), "--check"], inVenv(wanted.folder))).code === 0;
}

async function install(wanted: Venv): Promise<void> {
  const { folder, extras } = wanted;
  if (hasLock(folder)) await uv(folder, ["--quiet", ...syncArgs(wanted)]);
  else {
    const requirement = extras.length > 0 ? `.[${extras.join(",")}]` : ".";
    await uv(folder, ["pip", "install", "--quiet", "--python", ".venv", "--editable", requirement]);
  }
  const fault = inspectVenv(folder);
  if (fault !== undefined) {
    throw new Problem(
      `${venvOf(folder)} was made, but ${fault}: is ${resolve(folder)} a checkout of CooperBench?`,
    );
  }
}

function inVenv(folder: string) {
  return {
    cwd: folder,
    env: { VIRTUAL_ENV: undefined, UV_PROJECT_ENVIRONMENT: undefined, UV_PYTHON_DOWNLOADS: "never" },
  };
}

async function uv(folder: string, args: readonly string[]): Promise<void> {
  await output("uv", args, inVenv(folder));
}
