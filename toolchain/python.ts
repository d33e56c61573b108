/** Finds a Python that runs: version managers leave programs on PATH that fail. */

import { aptInstall } from "../lib/apt.ts";
import { environmentFor } from "../lib/environment.ts";
import { findAllOnPath } from "../lib/find-program.ts";
import { Problem } from "../lib/problem.ts";
import { answerOf } from "../lib/run.ts";
import type { ToolchainSettings } from "./variables.ts";

const NAMES = ["python3", ...[14, 13, 12, 11, 10, 9].map((minor) => `python3.${minor}`), "python"];
const PROBE = "import sys; print(sys.executable, *sys.version_info[:2])";

/** A Python 3 that was seen to run. */
export interface Python {
  /** Its real executable, not a version manager's stand-in. */
  readonly file: string;
  readonly version: string;
}

/** The Pythons of the search path that run, best known name first; each is started once. */
export async function* workingPythons(settings: Pick<ToolchainSettings, "path">): AsyncGenerator<Python> {
  const seen = new Set<string>();
  for (const file of NAMES.flatMap((name) => findAllOnPath(name, settings.path))) {
    const said = await answerOf(file, ["-c", PROBE], { env: environmentFor("pip"), timeoutSeconds: 20 });
    const found = /^(.+) (3) (\d+)$/.exec(said ?? "");
    if (!found?.[1] || seen.has(found[1])) continue;
    seen.add(found[1]);
    yield { file: found[1], version: `3.${found[3]}` };
  }
}

/** The first of them. */
export async function findPython(settings: Pick<ToolchainSettings, "path">): Promise<Python> {
  for await (const python of workingPythons(settings)) return python;
  throw new Problem(`no working Python 3 is on PATH (tried ${NAMES.join(", ")})`, aptInstall("python3"));
}
