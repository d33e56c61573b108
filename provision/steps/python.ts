import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { assertGoesOn } from "../../lib/abort.ts";
import { type Environment, environmentFor } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { machine, type Remedies } from "../../lib/remedy.ts";
import { answerOf, run } from "../../lib/run.ts";

/** A Python interpreter that was run and answered. */
export interface Python {
  /** Absolute path. */
  readonly path: string;
  /** Such as 3.12.4. */
  readonly version: string;
}

/** Whether a version such as 3.12.4 meets a request such as 3.12 or >=3.10. */
export function meets(version: string, request: string): boolean {
  const wanted = request.replace(">=", "").split(".").map(Number);
  const got = version.split(".").map(Number);
  if (!request.startsWith(">=")) return wanted.every((part, index) => part === got[index]);
  const differing = wanted.findIndex((part, index) => part !== got[index]);
  return differing === -1 || (got[differing] ?? 0) > (wanted[differing] ?? 0);
}

/** What a search for a Python came to. */
export interface PythonSearch {
  /** The first that meets the request; undefined where none does. */
  readonly python?: Python;
  /** The others that answered, with their paths, in words. */
  readonly instead: string;
}

/**
 * Looks for a Python that meets the request, on PATH, where machines keep them and, at last, among uv's own. Each
 * candidate is run: what is on PATH may be a shim of pyenv that fails. Installs nothing.
 *
 * @param env variables on top of this process's.
 */
export async function searchPython(request: string, env: Environment = process.env): Promise<PythonSearch> {
  const found = new Map<string, string>();
  const suitable = async (candidates: readonly string[]) => {
    for (const candidate of candidates) {
      const python = await ask(candidate, env);
      if (python === undefined) continue;
      if (meets(python.version, request)) return python;
      found.set(python.path, python.version);
    }
    return undefined;
  };
  const python =
    (await suitable([...onPath(request), ...installed()])) ?? (await suitable(await managedByUv(env)));
  const instead = [...found].map(([path, version]) => `${version} (${path})`).join(", ") || "none";
  return python === undefined ? { instead } : { python, instead };
}

/**
 * Finds a Python that meets the request. Where there is none, uv is asked to install one.
 *
 * @throws a Problem that lists what was found instead.
 */
export async function findPython(
  request: string,
  report: (line: string) => void,
  abort?: AbortSignal,
): Promise<Python> {
  const there = await searchPython(request);
  if (there.python !== undefined) return there.python;

  const version = request.replace(">=", "");
  report(`no Python ${request} was found; asking uv to install ${version}`);
  // Not --quiet, with which uv gives no reason either.
  const install = await run("uv", ["python", "install", "--no-progress", version], {
    env: environmentFor("uv"),
    timeoutSeconds: 600,
    ...(abort && { abort }),
  });
  assertGoesOn(abort);
  const made = await searchPython(request);
  if (made.python !== undefined) return made.python;
  const reason = install.stderr.trim().split("\n").slice(-5).join("\n") || install.ending;
  throw new Problem(
    `there is no Python ${request} on this machine (${made.instead}), and uv could not install it:\n${reason}`,
    pythonRemedies(request),
  );
}

/** What to do where there is no Python that meets a request, and none can be downloaded. */
export function pythonRemedies(request: string, stack = "STACK"): Remedies {
  return [
    { ...machine("set", stack, "pythonVersion", "VERSION"), when: "to use one that is installed" },
    { advice: `install Python ${request.replace(">=", "")}, then run the command again` },
  ];
}

/** The address from which uv would download a Python that meets a request; undefined where it says none. */
export async function pythonDownload(request: string): Promise<string | undefined> {
  const args = ["python", "list", request.replace(">=", ""), "--only-downloads", "--output-format", "json"];
  const said = await answerOf("uv", args, { env: environmentFor("uv"), timeoutSeconds: 10 });
  try {
    const found = JSON.parse(said ?? "[]") as { url?: string | null; implementation?: string }[];
    return found.find(({ implementation, url }) => implementation === "cpython" && url)?.url ?? undefined;
  } catch {
    return undefined;
  }
}

function onPath(request: string): string[] {
  const [, minor] = request.replace(">=", "").split(".");
  return [`python3.${minor}`, "python3", "python"];
}

function installed(): string[] {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const system = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].flatMap((folder) =>
    entries(folder)
      .filter((name) => /^python3(\.\d+)?$/.test(name))
      .map((name) => join(folder, name)),
  );
  return [...entries(versions).map((name) => join(versions, name, "bin", "python3")), ...system];
}

async function managedByUv(env: Environment): Promise<string[]> {
  const folder = await answerOf("uv", ["python", "dir"], { env: environmentFor("uv", env) });
  if (folder === undefined) return []; // no uv, or none that runs: it has no Python either
  return entries(folder).map((name) => join(folder, name, "bin", "python3"));
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort().reverse();
  } catch {
    return []; // a place that is not on every machine
  }
}

async function ask(candidate: string, env: Environment): Promise<Python | undefined> {
  // An environment that is activated, this one among them, may go: the Python that it was made with stays.
  const question =
    "import sys; print(getattr(sys, '_base_executable', sys.executable)); print('.'.join(map(str, sys.version_info[:3])))";
  const answer = await answerOf(candidate, ["-I", "-c", question], {
    env: environmentFor("uv", env),
    timeoutSeconds: 10,
  });
  // It may not be there, or be a shim that fails: no candidate.
  const [path, version] = answer?.split("\n") ?? [];
  return path && version ? { path, version } : undefined;
}
