import { meets, type PythonSearch } from "../../provision/steps/python.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** What is known of a Python for the environment. */
export interface PythonFacts {
  /** The setting: 3.12, or >=3.10. */
  readonly request: string;
  /** Version of the environment that is there and whole. */
  readonly inVenv?: string | undefined;
  /** What is wrong with the environment that is there; undefined where nothing is, or there is none. */
  readonly fault?: string | undefined;
  /** What was found on the machine; undefined where it was not looked for. */
  readonly search?: PythonSearch | undefined;
  /** Whether uv may download one. */
  readonly mayDownload: boolean;
}

/** Whether an environment of the wanted Python is there already, and so none has to be looked for. */
export function isServed({ request, inVenv }: Pick<PythonFacts, "request" | "inVenv">): boolean {
  return inVenv !== undefined && meets(inVenv, request);
}

/** Whether there is a Python that the virtual environment can be made with. */
export function pythonFinding(facts: PythonFacts, stack: string): Finding {
  const { request, inVenv, fault, search, mayDownload } = facts;
  if (isServed(facts))
    return ok("python", `the virtual environment has Python ${inVenv}, ${request} is wanted`);
  const python = search?.python;
  if (python !== undefined && fault !== undefined) {
    const found = `the virtual environment is not whole: ${fault}; Python ${python.version} (${python.path}) is there`;
    return warning("python", found, `The next update puts it right: ./machine up ${stack}`);
  }
  if (python !== undefined)
    return ok("python", `Python ${python.version} (${python.path}), ${request} is wanted`);
  const version = request.replace(">=", "");
  const found = `got Python ${search?.instead ?? "none"}; want ${request}`;
  const remedy = `Install Python ${version} (Debian, Ubuntu: apt-get install python${version}), or set pythonVersion to one that is there: ./machine pulumi config set pythonVersion VERSION --stack ${stack}`;
  return mayDownload
    ? warning("python", `${found}: uv is going to download one, from github.com`, remedy)
    : blocker("python", `${found}, and uv is not to download any (UV_PYTHON_DOWNLOADS, UV_OFFLINE)`, remedy);
}
