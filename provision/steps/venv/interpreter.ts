import { accessSync, constants, existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { environmentFor } from "../../../lib/environment.ts";
import { answerOf } from "../../../lib/run.ts";
import { meets } from "../python.ts";

/** What an environment's pyvenv.cfg says. */
interface VenvConfiguration {
  /** Version of its Python, such as 3.12.4; undefined where it names none. */
  readonly version?: string | undefined;
  /** Folder of the Python that it was made with; undefined where it names none. */
  readonly home?: string | undefined;
}

function configurationOf(venv: string): VenvConfiguration | undefined {
  try {
    const text = readFileSync(join(venv, "pyvenv.cfg"), "utf8");
    return {
      version: /^version(?:_info)?\s*=\s*(\d+\.\d+\.\d+)/m.exec(text)?.[1],
      home: /^home\s*=\s*(.*\S)/m.exec(text)?.[1],
    };
  } catch {
    return undefined; // no environment yet
  }
}

/** The Python that an environment names as its own; undefined where there is none, or it names none. */
export function pythonOfVenv(venv: string): string | undefined {
  return configurationOf(venv)?.version;
}

/** The folder of an environment's packages; undefined where it names no Python. */
export function sitePackages(venv: string): string | undefined {
  const version = pythonOfVenv(venv);
  return version && join(venv, "lib", `python${minor(version)}`, "site-packages");
}

/** What is wrong with an environment's Python, from its files; undefined where nothing is. */
export function interpreterFault(venv: string, request: string): string | undefined {
  const configuration = configurationOf(venv);
  if (configuration === undefined) return "it has no pyvenv.cfg";
  const { version, home } = configuration;
  if (version === undefined || home === undefined) return "its pyvenv.cfg names no Python";
  if (!meets(version, request)) return `it has Python ${version}, not ${request}`;
  const python = join(venv, "bin", "python");
  const program = programAt(python);
  if (program === undefined || !existsSync(home))
    return `it has no bin/python that runs; its Python was in ${home}`;
  // The machine's own Python may have become another below the link.
  const named = /^python(3\.\d+)/.exec(basename(program))?.[1];
  if (named !== undefined && named !== minor(version)) return `its Python is now ${named}, not ${version}`;
  return existsSync(join(venv, "lib", `python${minor(version)}`, "site-packages"))
    ? undefined
    : "it has no site-packages";
}

/** The version of an environment's Python, as that gives it; undefined where it does not run. */
export function versionOf(venv: string): Promise<string | undefined> {
  const question = "import sys; print('.'.join(map(str, sys.version_info[:3])))";
  const options = { env: environmentFor("cooperbench"), timeoutSeconds: 30 };
  return answerOf(join(venv, "bin", "python"), ["-I", "-c", question], options);
}

function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

function programAt(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
