import { environmentFor } from "../../lib/environment.ts";
import { findOnPath } from "../../lib/find-program.ts";
import { Problem } from "../../lib/problem.ts";
import type { Remedies } from "../../lib/remedy.ts";
import { type RunResult, run } from "../../lib/run.ts";
import { shellWord } from "../../lib/shell-word.ts";
import type { Credentials } from "./docker-login.ts";

/** Time limit of a helper, in seconds: one that asks its user something has nobody to ask here. */
const defaultTimeoutSeconds = 10;

const programOf = (name: string) => `docker-credential-${name}`;

/** Whether one of Docker's credential helpers is there to be asked. */
export function isThere(name: string, env: NodeJS.ProcessEnv): boolean {
  return findOnPath(programOf(name), env.PATH) !== undefined;
}

/**
 * Asks one of Docker's credential helpers, `docker-credential-NAME get`.
 *
 * @param server a host, or Docker Hub's key.
 * @param timeoutSeconds default: 10.
 * @returns undefined where the helper has none for that server.
 * @throws Problem where the helper does not run or fails; it holds nothing that the helper keeps.
 */
export async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
  timeoutSeconds = defaultTimeoutSeconds,
): Promise<Credentials | undefined> {
  const program = programOf(name);
  const remedies: Remedies = [
    {
      command: ["docker", "login", ...(server.includes("/") ? [] : [server])],
      when: "if it has lost the login",
    },
    { advice: `see what it says: echo ${shellWord(server)} | ${program} get` },
    { advice: "remove it from Docker's config.json; public images do not need it" },
  ];
  const options = { env: environmentFor("credential-helper", env), input: server, timeoutSeconds };
  const answer = await run(findOnPath(program, env.PATH) ?? program, ["get"], options);
  if (answer.code === 0) return parseAnswer(answer.stdout, `${program} answered get ${server}`, remedies);
  // Helpers say on standard output why they fail.
  if (`${answer.stdout}${answer.stderr}`.includes("credentials not found")) return undefined;
  throw new Problem(
    `the credential helper ${program}, which Docker's configuration names for ${server}, ${how(answer, timeoutSeconds)}`,
    remedies,
  );
}

function how({ timedOut, ending, stdout, stderr }: RunResult, timeoutSeconds: number): string {
  if (timedOut) return `did not answer within ${timeoutSeconds} s`;
  const said = (stderr.trim() || stdout.trim()).split("\n")[0]?.slice(0, 200) ?? "";
  // What looks like an answer may hold a secret.
  return said === "" || said.includes("{") ? ending : `${ending}: ${said}`;
}

function parseAnswer(text: string, what: string, remedies: Remedies): Credentials {
  const { Username: username, Secret: secret } = parse(text);
  if (typeof username !== "string" || typeof secret !== "string")
    throw new Problem(`${what} with something other than JSON with Username and Secret`, remedies);
  // By this name a helper says that the secret is no password.
  return username === "<token>" ? { username, identitytoken: secret } : { username, password: secret };
}

function parse(text: string): { readonly Username?: unknown; readonly Secret?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // told by the caller, without the text
  }
}
