/**
 * The packages of an environment, as their installers have recorded them: a folder `NAME-VERSION.dist-info` for each,
 * with a RECORD that names its files from site-packages.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join, resolve } from "node:path";

/** A file of a package, as its RECORD has it. */
export interface RecordedFile {
  /** Path from site-packages. */
  readonly path: string;
  /** Hash, such as sha256=…; empty where none is recorded. */
  readonly hash: string;
  /** Size in bytes; undefined where none is recorded. */
  readonly size?: number | undefined;
}

const LINE = /^(?:"((?:[^"]|"")*)"|([^",]*)),([^,]*),(\d*)\r?$/;

/** The packages' dist-info folders, by name and sorted. */
export function distInfosIn(site: string): string[] {
  return readdirSync(site)
    .filter((name) => name.endsWith(".dist-info"))
    .sort();
}

/** The name of the package that a dist-info folder is of. */
export function packageOf(distInfo: string): string {
  return distInfo.slice(0, distInfo.lastIndexOf("-", distInfo.length - ".dist-info".length - 1));
}

/** What a package's RECORD names; nothing where it has none. */
export function recordedFiles(site: string, distInfo: string): RecordedFile[] {
  const file = join(site, distInfo, "RECORD");
  return existsSync(file) ? parse(readFileSync(file, "utf8")) : [];
}

/** The packages by dist-info, each with a file that stands for it: where that is gone, the package is not whole. */
export function packagesIn(site: string): Record<string, string> {
  return Object.fromEntries(
    distInfosIn(site).map((name) => [name, sampleAmong(recordedFiles(site, name), name)]),
  );
}

/** A file that stands for a package, from the first lines of its RECORD: for a look that takes milliseconds. */
export function quickSampleOf(site: string, distInfo: string): string {
  try {
    const handle = openSync(join(site, distInfo, "RECORD"), "r");
    try {
      const head = Buffer.alloc(2048);
      const length = readSync(handle, head);
      const lines = head.toString("utf8", 0, length).split("\n");
      return sampleAmong(parse(lines.slice(0, length === head.length ? -1 : undefined).join("\n")), distInfo);
    } finally {
      closeSync(handle);
    }
  } catch {
    return join(distInfo, "RECORD");
  }
}

/** The packages that lack a file which their RECORD names, or the RECORD itself, by dist-info. */
export function incompletePackages(site: string): string[] {
  return distInfosIn(site).filter((distInfo) => {
    const files = recordedFiles(site, distInfo);
    return (
      files.length === 0 || files.some(({ path }) => !isCompiled(path) && !existsSync(resolve(site, path)))
    );
  });
}

/** Whether a file is one that Python makes from another, as it likes. */
export function isCompiled(path: string): boolean {
  return path.endsWith(".pyc");
}

function sampleAmong(files: readonly RecordedFile[], distInfo: string): string {
  const own = files.filter(({ path }) => !path.startsWith(`${distInfo}/`) && !isCompiled(path));
  const sample =
    own.find(({ path }) => path.endsWith("__init__.py")) ??
    own.find(({ path }) => !path.startsWith("..")) ??
    own[0];
  return sample?.path ?? `${distInfo}/METADATA`; // a package may be nothing but its requirements
}

function parse(text: string): RecordedFile[] {
  return text.split("\n").flatMap((line) => {
    const [, quoted, plain, hash = "", size = ""] = LINE.exec(line) ?? [];
    const path = quoted?.replaceAll('""', '"') ?? plain;
    return path ? [{ path, hash, size: size === "" ? undefined : Number(size) }] : [];
  });
}
