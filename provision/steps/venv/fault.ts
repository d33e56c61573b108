import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isSamePlace, realPlace } from "../../../lib/place.ts";
import type { Owner } from "../../ownership/owner.ts";
import { interpreterFault, sitePackages } from "./interpreter.ts";
import { originOf, scriptsEnvironment, type VenvOrigin } from "./origin.ts";
import { distInfosIn, quickSampleOf } from "./records.ts";

/** Why an environment is not whole. */
export interface VenvFault {
  readonly what: string;
  /** Whether uv can put it right in its place, else it is made again; or whether the checkout lacks something. */
  readonly cure: "sync" | "make" | "checkout";
}

/** What is wrong with an environment at first sight (no program is run); undefined where nothing is. */
export function inspectVenv(folder: string, pythonVersion: string, owner: Owner): string | undefined {
  return faultOf(folder, pythonVersion, originOf(join(folder, ".venv"), owner))?.what;
}

/**
 * What keeps an environment from being whole; undefined where nothing does. Files are looked at, no program is run:
 * some milliseconds. A preview, an update and `status` ask this one function.
 */
export function faultOf(folder: string, request: string, origin: VenvOrigin): VenvFault | undefined {
  const venv = join(folder, ".venv");
  const what = originFault(origin) ?? interpreterFault(venv, request) ?? placeFault(venv);
  if (what !== undefined) return { what, cure: origin.kind === "user" && origin.intent ? "sync" : "make" };
  const site = sitePackages(venv) as string;
  const inside = packagesFault(venv, site, origin) ?? editableFault(folder, site);
  if (inside !== undefined) return { what: inside, cure: "sync" };
  const source = sourceFault(folder, site);
  return source === undefined ? undefined : { what: source, cure: "checkout" };
}

function originFault(origin: VenvOrigin): string | undefined {
  switch (origin.kind) {
    case "absent":
      return "it is missing";
    case "moved":
      return `it was made in ${origin.from}, and its programs look for it there`;
    case "copy":
      return `it is a copy of ${origin.from}, and its programs use the original`;
    case "own":
      return origin.marker.intent && "its installation was cut off";
    case "user":
      return origin.intent && "an update was cut off while it worked on it";
    case "other":
      return origin.marker.intent && "its installation was cut off, or is under way";
  }
}

/** A `.venv` holds its own path. */
function placeFault(venv: string): string | undefined {
  const environment = scriptsEnvironment(venv);
  return environment === undefined || isSamePlace(environment, venv)
    ? undefined
    : `its programs run the Python of ${environment}`;
}

function packagesFault(venv: string, site: string, origin: VenvOrigin): string | undefined {
  if (!existsSync(join(venv, "bin", "cooperbench"))) return "it has no bin/cooperbench";
  const there = new Set(distInfosIn(site));
  const noted = origin.kind === "own" ? origin.marker.packages : undefined;
  const wanted = noted ?? Object.fromEntries([...there].map((name) => [name, quickSampleOf(site, name)]));
  const broken = Object.entries(wanted)
    .filter(([distInfo, file]) => !there.has(distInfo) || !existsSync(join(site, file)))
    .map(([distInfo]) => distInfo.replace(/\.dist-info$/, ""));
  if (broken.length === 0) return undefined;
  const [first] = broken;
  return broken.length === 1
    ? `its package ${first} is not whole`
    : `${broken.length} of its packages are not whole, such as ${first}`;
}

/** The editable install of `cooperbench` is of this checkout. */
function editableFault(folder: string, site: string): string | undefined {
  const distInfo = distInfosIn(site).find((name) => name.startsWith("cooperbench-"));
  if (distInfo === undefined) return "it has no package cooperbench";
  const url = readJson<{ url?: string; dir_info?: { editable?: boolean } }>(
    join(site, distInfo, "direct_url.json"),
  );
  if (url?.dir_info?.editable !== true || url.url?.startsWith("file:") !== true)
    return "its cooperbench is not the checkout's";
  const from = realPlace(fileURLToPath(url.url));
  return isSamePlace(from, folder) ? undefined : `its cooperbench is that of ${from}`;
}

/** The checkout's package, which the environment's paths lead to. */
function sourceFault(folder: string, site: string): string | undefined {
  const paths = readdirSync(site)
    .filter((name) => name.endsWith(".pth") && name.includes("cooperbench"))
    .flatMap((name) => readFileSync(join(site, name), "utf8").split("\n"))
    .filter((line) => line.startsWith("/"));
  const sources = paths.length === 0 ? [join(folder, "src")] : paths;
  if (sources.some((path) => existsSync(join(path, "cooperbench", "__init__.py")))) return undefined;
  return `the package that it runs, ${join(sources[0] as string, "cooperbench")}, is not there`;
}

function readJson<Json>(file: string): Json | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Json;
  } catch {
    return undefined;
  }
}
