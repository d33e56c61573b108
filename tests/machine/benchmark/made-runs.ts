import { execFile } from "node:child_process";
import { join } from "node:path";
import { SDIST } from "../../../rehearsal/sdist.ts";
import { pathOfPython, putUvOnPath } from "../provision/steps/tiny-cooperbench.ts";

/** A command of an agent, or what the API answers in place of one. */
export type Said =
  | string
  | { readonly status: number; readonly text: string }
  | { readonly throws: string; readonly text: string };

/** An agent, as make_runs.py has it run. */
export interface MadeAgent {
  /** What the model says, call by call; then `goes_on`, to its limit. */
  readonly says?: readonly Said[];
  readonly goes_on?: string;
  /** What the engine gives for commands that hold a text: exit code and output. CONTAINER is its id. */
  readonly answers?: Readonly<Record<string, readonly [number, string]>>;
  /** How its container starts. */
  readonly start?: { readonly code?: number; readonly times_out?: true; readonly missing?: true };
  readonly patch?: string;
  /** What an agent of another framework gives: these are not run. */
  readonly framework_result?: Readonly<Record<string, unknown>>;
}

/** One try of a pair. */
export interface MadeTry {
  readonly agents: readonly MadeAgent[];
  /** Where agents with messages look for Redis; without it they have none. */
  readonly redis?: string;
  /** How its evaluation goes; without it there is none. */
  readonly evaluation?: {
    /** Exit code and output of the runner, of each feature. */
    readonly tests?: readonly (readonly [number, string])[];
    readonly merge?: "clean" | "conflicts";
    readonly applied?: readonly string[];
    readonly no_base?: true;
    readonly too_long?: true;
  };
}

/** A run of one pair. */
export interface MadeRun {
  readonly name: string;
  readonly setting: "solo" | "coop";
  readonly repo: string;
  readonly task: number;
  readonly features: readonly number[];
  readonly framework: string;
  readonly model: string;
  readonly wanted: number;
  readonly tries: readonly MadeTry[];
}

/** The Python that CooperBench's packages are for; undefined, and said so, where this machine has none. */
export async function cooperbenchPython(): Promise<string | undefined> {
  await putUvOnPath();
  try {
    return (await pathOfPython(">=3.12")).path;
  } catch (error) {
    console.warn(`not tried is how runs that CooperBench writes are judged: ${(error as Error).message}`);
    return undefined;
  }
}

/** What a table of runs, and of outputs to be counted, is made to by CooperBench itself. */
export async function askCooperbench(
  path: string,
  asked: {
    readonly root?: string;
    readonly runs?: readonly MadeRun[];
    readonly outputs?: readonly string[];
  },
): Promise<string> {
  const packages = ["--no-project", "--quiet", "--with", `cooperbench==${SDIST.version}`];
  const args = ["run", ...packages, "--python", path, join(import.meta.dirname, "make_runs.py")];
  const env = {
    ...process.env,
    LITELLM_LOCAL_MODEL_COST_MAP: "True",
    DOCKER_HOST: "unix:///nowhere/docker.sock",
  };
  return new Promise((resolve, reject) => {
    const child = execFile("uv", args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve(stdout),
    );
    child.stdin?.end(JSON.stringify(asked));
  });
}
