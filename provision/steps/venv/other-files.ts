import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isStepsFile, type VenvMarker } from "./marker.ts";
import { distInfosIn, isCompiled, type RecordedFile, recordedFiles } from "./records.ts";

/** Files that uv and Python's own venv make an environment of, from its folder. */
const FRAME =
  /^(pyvenv\.cfg|CACHEDIR\.TAG|\.gitignore|lib64|bin\/(activate(\.\w+)?|Activate\.ps1|activate_this\.py|(de)?activate\.bat|pydoc\.bat|python[\d.]*t?)|lib\/python[\d.]+t?\/site-packages\/_virtualenv\.(py|pth))$/;
/** Those of them that users add lines to, such as variables. */
const ACTIVATION = /^bin\/(de)?activate/i;
/** uv touches this one whenever it looks. */
const LOCK = ".lock";
/** What an installer adds to a package's dist-info, recorded or not. */
const NOTES = /\.dist-info\/(INSTALLER|RECORD|REQUESTED|direct_url\.json|uv_\w+\.json)$/;
/** Where packages have their files. */
const PACKAGES = /^(bin|lib|lib64|include|share|etc|man)\//;
/** A file's time is of the kernel's last tick, up to some milliseconds before the clock's. */
const TICK_MS = 1000;

/**
 * The files of an environment that are of other origin than the step that made it: neither uv's nor named by a
 * package's RECORD, or other than they were installed. Caches do not count.
 *
 * Of an environment that a step was cut off in, RECORDs cannot say all: what is where packages have their files, and
 * is not older than the step, is the step's.
 *
 * @returns their paths from the environment's folder, sorted.
 */
export function otherFiles(
  venv: string,
  { changed, intent }: Pick<VenvMarker, "changed" | "intent">,
): string[] {
  const recorded = recordedIn(venv);
  const whole = changed === undefined ? Number.NaN : Date.parse(changed);
  // Every change of a file gives it a new time, and so does every new link to it. A clock that was set back says nothing.
  const isTouched = ({ ctimeMs }: Stats) => !(ctimeMs <= whole) || Date.now() < whole;
  const isOther = (path: string, stats: Stats): boolean => {
    if (isStepsFile(path) || path === LOCK) return false;
    if (isCompiled(path) && basename(dirname(path)) === "__pycache__") return false;
    const record = recorded.get(join(venv, path));
    if (intent !== undefined) {
      if (intent.otherFiles.includes(path)) return true;
      if (record !== undefined || FRAME.test(path) || NOTES.test(path)) return false;
      return !PACKAGES.test(path) || stats.ctimeMs < intent.since - TICK_MS;
    }
    if (record !== undefined)
      return isOtherSize(record, stats) || (isTouched(stats) && isOtherText(join(venv, path), record));
    if (ACTIVATION.test(path)) return stats.mtimeMs > whole;
    if (FRAME.test(path)) return false;
    return !NOTES.test(path);
  };
  return filesIn(venv)
    .filter(({ path, stats }) => isOther(path, stats))
    .map(({ path }) => path)
    .sort();
}

/** The files that the RECORDs of an environment's packages name, by absolute path. */
function recordedIn(venv: string): Map<string, RecordedFile> {
  const recorded = new Map<string, RecordedFile>();
  const lib = join(venv, "lib");
  for (const python of existsSync(lib) ? readdirSync(lib) : []) {
    const site = join(lib, python, "site-packages");
    if (!existsSync(site)) continue;
    for (const distInfo of distInfosIn(site))
      for (const file of recordedFiles(site, distInfo)) recorded.set(resolve(site, file.path), file);
  }
  return recorded;
}

function isOtherSize({ size }: RecordedFile, stats: Stats): boolean {
  return size !== undefined && size !== stats.size;
}

function isOtherText(file: string, { hash }: RecordedFile): boolean {
  if (!hash.startsWith("sha256=") || !lstatSync(file).isFile()) return false;
  return createHash("sha256").update(readFileSync(file)).digest("base64url") !== hash.slice("sha256=".length);
}

function filesIn(venv: string, folder = ""): { readonly path: string; readonly stats: Stats }[] {
  return readdirSync(join(venv, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(venv, path) : [{ path, stats: lstatSync(join(venv, path)) }];
  });
}
