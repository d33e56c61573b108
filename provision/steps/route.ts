import { createHash, randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { callUrl } from "../../benchmark/model.ts";
import { Problem } from "../../lib/problem.ts";
import { merged } from "../../lib/remedy.ts";
import { isSameUrl } from "../../lib/url.ts";
import { runAgentProgram } from "./agent-program.ts";
import { isUnheeded, type RouteSeen, routeFaults } from "./route-faults.ts";

/** The route that a run is to take. */
export interface Route {
  /** Folder of the checkout, with its `.venv` and its `.env`. */
  readonly folder: string;
  /** Base URL of the model's API. */
  readonly modelApiBase: string;
  /** Model as `cooperbench run -m` takes it. */
  readonly model: string;
  /** Key that the calls are to have. It stays in this process. */
  readonly key: string;
}

/** The route that a run takes. */
export interface RouteResult {
  /** The URL that is asked. */
  readonly url: string;
  /** Model, as the request names it. */
  readonly model: string;
  /** Name of the agent that asked, the version's default. */
  readonly agent: string;
}

/** A base that nobody has, to see whether calls follow it. */
const anotherBase = "https://another-base.invalid/v2/chat";

/**
 * Proves the route of a run: the default agent's own model, made by the environment's own packages with the settings
 * that they load themselves, asks once. Its requests are led to a mock on loopback, with a throw-away key; every other
 * connection is refused. Nothing leaves the machine.
 *
 * @param environment variables on top of this process's; undefined takes one away.
 * @throws a Problem with every fault: which variable wins, where it comes from, what helps.
 */
export async function proveRoute(
  { folder, modelApiBase, model, key }: Route,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<RouteResult> {
  const url = callUrl(modelApiBase);
  const salt = randomUUID();
  const keyHash = createHash("sha256")
    .update(salt + key)
    .digest("hex");
  const request = { model, path: new URL(url).pathname, salt, keyHash };
  const ask = (more: typeof environment) =>
    runAgentProgram<RouteSeen>(folder, "prove_route.py", request, { ...environment, ...more });
  let seen = await ask({});
  if (isUnheeded(seen, { url })) {
    const [asked] = (await ask({ COHERE_API_BASE: anotherBase })).asked ?? [];
    seen = { ...seen, heedsBase: asked !== undefined && isSameUrl(asked.url, anotherBase) };
  }
  const faults = routeFaults(seen, { url, modelApiBase, model, dotenv: resolve(folder, ".env") });
  if (faults.length > 0) {
    throw new Problem(
      `the model's route is not as configured:\n${faults.map(({ found }) => `  ${found}`).join("\n")}`,
      merged(faults.map(({ remedies }) => remedies)),
    );
  }
  return { url, model: seen.asked?.[0]?.model ?? "", agent: seen.agent ?? "" };
}
