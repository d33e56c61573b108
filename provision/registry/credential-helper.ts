import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Problem } from "../../lib/problem.ts";
import type { Credentials } from "./credentials.ts";

/** Time limit of a helper, in seconds: one that asks its user something has nobody to ask here. */
const defaultTimeoutSeconds = 10;

/**
 * Asks one of Docker's credential helpers, `docker-credential-NAME get`.
 *
 * @param server a host, or Docker Hub's key.
 * @param timeoutSeconds default: 10.
 * @returns undefined where the helper has none for that server.
 * @throws Problem where the helper is missing or fails; it holds nothing that the helper keeps.
 */
export async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
  timeoutSeconds = defaultTimeoutSeconds,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const remedy = `To mend it: install ${program}, or take it out of Docker's config.json and run docker login.`;
  let stdout: string;
  try {
    const running = promisify(execFile)(program, ["get"], {
      env,
      timeout: timeoutSeconds * 1000,
      killSignal: "SIGKILL",
    });
    running.child.stdin?.on("error", () => {}).end(server); // a helper may end without reading its input
    ({ stdout } = await running);
  } catch (error) {
    const failure = error as HelperFailure;
    // Helpers say on standard output why they fail.
    if (`${failure.stdout}${failure.stderr}`.includes("credentials not found")) return undefined;
    throw new Problem(
      `the credential helper ${program}, which Docker's configuration names for ${server}, ${how(failure, timeoutSeconds)}. ${remedy}`,
    );
  }
  return parseAnswer(stdout, `${program} answered get ${server}`, remedy);
}

interface HelperFailure extends Error {
  readonly code?: string | number | null;
  readonly killed?: boolean;
  readonly stdout?: string;
  readonly stderr?: string;
}

function how({ code, killed, stdout = "", stderr = "" }: HelperFailure, timeoutSeconds: number): string {
  if (code === "ENOENT") return "is not on PATH";
  if (killed) return `did not answer within ${timeoutSeconds} s`;
  const said = (stderr.trim() || stdout.trim()).split("\n")[0]?.slice(0, 200) ?? "";
  // What looks like an answer may hold a secret.
  return `failed (${code ?? "ended by a signal"}${said === "" || said.includes("{") ? "" : `: ${said}`})`;
}

function parseAnswer(text: string, what: string, remedy: string): Credentials {
  const { Username: username, Secret: secret } = parse(text);
  if (typeof username !== "string" || typeof secret !== "string")
    throw new Problem(`${what} with something else than JSON with Username and Secret. ${remedy}`);
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
