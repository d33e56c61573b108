import { unreachable } from "../../lib/reach.ts";
import { machine } from "../../lib/remedy.ts";
import { meets, type PythonSearch, pythonDownload, pythonRemedies } from "../../provision/steps/python.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** What is known of a Python for the environment. */
export interface PythonFacts {
  /** The setting: 3.12, or >=3.10. */
  readonly request: string;
  /** What CooperBench takes, such as >=3.10. */
  readonly takes: string;
  /** Version of the environment that is there and whole. */
  readonly inVenv?: string | undefined;
  /** What is wrong with the environment that is there; undefined where nothing is, or there is none. */
  readonly fault?: string | undefined;
  /** What was found on the machine; undefined where it was not looked for. */
  readonly search?: PythonSearch | undefined;
  /** Whether uv may download one. */
  readonly mayDownload: boolean;
  /** Where it would, and what keeps that from being reached; undefined where it was not asked. */
  readonly download?: { readonly host: string; readonly trouble: string | undefined } | undefined;
}

/** Whether an environment of the wanted Python is there already, and so none has to be looked for. */
export function isServed({ request, inVenv }: Pick<PythonFacts, "request" | "inVenv">): boolean {
  return inVenv !== undefined && meets(inVenv, request);
}

/** Whether there is a Python that the virtual environment can be made with. */
export function pythonFinding(facts: PythonFacts, stack: string): Finding {
  const { request, takes, inVenv, fault, search, mayDownload, download } = facts;
  if (isServed(facts))
    return ok("python", `the virtual environment has Python ${inVenv}, ${request} is wanted`);
  const python = search?.python;
  const version = python?.version ?? request.replace(">=", "");
  if (!meets(version, takes) && (python !== undefined || !request.startsWith(">=")))
    return blocker(
      "python",
      `CooperBench needs Python ${takes}, but pythonVersion (${request}) gives it ${version}`,
      machine("set", stack, "pythonVersion", "3.12"),
    );
  if (python !== undefined && fault !== undefined) {
    const found = `the virtual environment is not whole: ${fault}; Python ${python.version} (${python.path}) is there`;
    return warning("python", found, machine("up", stack));
  }
  if (python !== undefined)
    return ok("python", `Python ${python.version} (${python.path}), ${request} is wanted`);
  const found = `there is no Python ${request} (${search?.instead ?? "none"})`;
  const remedies = pythonRemedies(request, stack);
  if (!mayDownload)
    return blocker(
      "python",
      `${found}, and uv may not download one (UV_PYTHON_DOWNLOADS, UV_OFFLINE)`,
      remedies,
    );
  if (download?.trouble !== undefined) {
    const why = `uv would download one from ${download.host}, which this machine cannot reach (${download.trouble})`;
    return blocker("python", `${found}, and ${why}`, remedies);
  }
  return warning("python", `${found}: uv will download one from ${download?.host ?? "github.com"}`, remedies);
}

/** Asks the place that uv would download a Python from; undefined where uv does not say which that is. */
export async function askDownload(request: string): Promise<PythonFacts["download"]> {
  const url = await pythonDownload(request);
  return url === undefined
    ? undefined
    : { host: new URL(url).host, trouble: await unreachable(url, DOWNLOAD_LIMIT_MS) };
}

const DOWNLOAD_LIMIT_MS = 5_000;
