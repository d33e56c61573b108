import { existsSync } from "node:fs";
import { environmentFor } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { machine } from "../../lib/remedy.ts";
import { errorKindOf, lastLineOf, programAt, runVenvPython, venvPython } from "./venv-python.ts";

/** Time limit of such a program, in seconds. Its imports alone take some. */
export const agentTimeoutSeconds = 60;

/**
 * Runs one of the programs of `provision/steps/python` in the checkout, with its own Python and this process's environment,
 * as a run is started.
 *
 * @param folder of the checkout.
 * @param input goes to its standard input.
 * @param environment variables on top of this process's; undefined takes one away.
 * @returns what it tells.
 * @throws a Problem where there is no environment, or it ends without a word. What it has printed is not told, for a
 *   package that fails may print anything.
 */
export async function runAgentProgram<Result>(
  folder: string,
  program: "prove_route.py" | "call_live.py",
  input: unknown,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<Result> {
  const python = venvPython(folder);
  if (!existsSync(python)) {
    throw new Problem(`there is no ${python}: CooperBench has no environment`, machine("up", "STACK"));
  }
  const env = environmentFor("run", process.env, environment);
  const { code, stdout, stderr, timedOut } = await runVenvPython(folder, [programAt(program)], {
    env,
    input: JSON.stringify(input),
    timeoutSeconds: agentTimeoutSeconds,
  });
  if (timedOut) {
    throw new Problem(
      `the agent's model did not end within ${agentTimeoutSeconds} s (${program}): the machine is busy, or the package waits for something`,
      { advice: "run the command again" },
    );
  }
  try {
    return lastLineOf(stdout);
  } catch {
    const kind = errorKindOf(stderr);
    const leading = Object.keys(env).filter((name) => /^PYTHON(HOME|PATH|PLATLIBDIR)$/.test(name));
    const found = `the agent's model ended with ${code} and no answer (${program}: ${kind})`;
    throw leading.length > 0
      ? new Problem(`${found}, and this shell has ${leading.join(" and ")}, which a run would have too`, {
          command: ["unset", ...leading],
        })
      : new Problem(found, {
          command: [python, "-c", "import cooperbench.cli"],
          when: "to see what is wrong",
        });
  }
}
