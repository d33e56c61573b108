import { existsSync, readFileSync } from "node:fs";
import type { Task } from "../../benchmark/tasks.ts";
import { withoutControls } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { EngineError, engineAt } from "../engine/client.ts";
import { proxyVariables } from "../engine/proxies.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { pullAgain } from "../remedies.ts";
import { type Ended, startAndWait, withContainer } from "./container.ts";
import { runnerFile, taskFolder } from "./task-dataset.ts";

/** The programs that the benchmark's runners install packages with, the most common first. */
const managers = ["pip", "uv", "npm", "pnpm"] as const;
export type Manager = (typeof managers)[number];

/** Seconds that an index has for its answer, and that the container has with its start. */
const LIMITS = { answer: 10, container: 15 };

/** Where the container puts what it gets. */
const folder = "/tmp/cooperbench-machine";

/** What gets a small package. Of pip, only its longest account names the fault of an index that does not answer. */
export const questions: Readonly<Record<Manager, readonly string[]>> = {
  pip: ["pip", "download", "-vv", "--no-deps", "--dest", folder, "six"],
  uv: ["uv", "pip", "install", "--system", "--no-deps", "--target", folder, "six"],
  npm: ["npm", "view", "ms", "version"],
  pnpm: ["pnpm", "view", "ms", "version"],
};

/** Has them ask once, past every cache, and with a time limit. */
const variables = (seconds: number) => [
  ...["PIP_RETRIES=0", `PIP_TIMEOUT=${seconds}`, "PIP_NO_CACHE_DIR=1", "PIP_NO_INPUT=1"],
  ...["PIP_DISABLE_PIP_VERSION_CHECK=1", "UV_HTTP_RETRIES=0", `UV_HTTP_TIMEOUT=${seconds}`, "UV_NO_CACHE=1"],
  ...[
    "npm_config_fetch_retries=0",
    `npm_config_fetch_timeout=${seconds * 1000}`,
    `npm_config_cache=${folder}`,
  ],
  ...["npm_config_update_notifier=false", "COREPACK_ENABLE_DOWNLOAD_PROMPT=0", "NO_COLOR=1"],
];

/** What the runner of a task installs packages with, by the dataset of a checkout; undefined for nothing. */
export function managerOf(checkout: string, task: Pick<Task, "repo" | "taskId">): Manager | undefined {
  const file = runnerFile(taskFolder(checkout, task));
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const called = new Set(
    [...text.matchAll(/^\s*(?:if\s+)?(pip|uv|npm|npx|pnpm)\s/gm)].map(([, name]) => name),
  );
  return managers.find((name) => called.has(name)) ?? (called.has("npx") ? "npm" : undefined);
}

/** What a container asks, and whose it is. */
export interface IndexQuestion {
  readonly dockerHost: string;
  /** Image reference; it is on the engine. */
  readonly image: string;
  readonly manager: Manager;
  /** The stack that it is of, as `stackIdentity` has it. */
  readonly stack: string;
  /** Variables of the container, as NAME=VALUE. Default: what the user's docker passes on, such as a proxy. */
  readonly env?: readonly string[];
  /** Time limits in seconds. Default: 10 for the answer, 15 for the container. */
  readonly limits?: typeof LIMITS;
  /** Ends it, its container removed. Default: never. */
  readonly abort?: AbortSignal | undefined;
}

/** What came of it. */
export interface IndexAnswer {
  /** From the start of the container, in seconds. */
  readonly seconds: number;
  /** Why it did not get the package; undefined where it did. */
  readonly trouble?: IndexTrouble;
}

/** Why a package manager did not get a package. */
export interface IndexTrouble {
  readonly cause: keyof typeof causes | "other";
  /** In the program's own words. */
  readonly said: string;
}

/** Label of the container; its value is the container's name. */
export const indexLabel = "cooperbench-machine.index";

/**
 * Has a package manager in a temporary container of an image ask its index, with the network that an evaluation's
 * container has: the engine's own, and the proxies that Docker's clients pass on.
 *
 * @throws a Problem where the container was aborted or the image has no such program, and the engine's own error.
 */
export async function askIndex({
  dockerHost,
  image,
  manager,
  stack,
  env = proxyVariables(dockerHost),
  limits = LIMITS,
  abort,
}: IndexQuestion): Promise<IndexAnswer> {
  const container = { name: temporaryName("cooperbench-index"), label: indexLabel, stack };
  const spec = {
    Image: image,
    Entrypoint: [...questions[manager]],
    Cmd: [],
    WorkingDir: "/workspace/repo",
    Env: [...env, ...variables(limits.answer)],
    HostConfig: { Memory: 1e9, PidsLimit: 512 },
  };
  const started = performance.now();
  const ended = await withContainer(engineAt(dockerHost), container, spec, abort, (made) =>
    startAndWait(made, { timeoutSeconds: limits.container, keep: 30_000 }),
  ).catch((error) => {
    if (
      error instanceof EngineError &&
      /executable file not found|no such file or directory/i.test(error.message)
    )
      throw new Problem(`${image} has no ${manager} on its PATH`, pullAgain(image, dockerHost));
    throw error;
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  return ended.code === 0 ? { seconds } : { seconds, trouble: troubleIn(ended, limits.container) };
}

/** What kept a program from its package, and the words that the programs have for it; the first kind that is found counts. */
const causes = {
  proxy:
    /(?:Cannot|Unable|Failed|Could not) (?:to )?connect to (?:the )?proxy|ProxyError|Tunnel connection failed[^'"\n]*|407 Proxy[\w ]*|tunneling socket[^\n]*/gi,
  name: /Name or service not known|Temporary failure in name resolution|No address associated with hostname|Name does not resolve|getaddrinfo E\w+(?: \S+)?|failed to lookup address information[^\n]*/gi,
  certificate:
    /certificate verify failed|self[- ]signed certificate[\w ]*|unable to get (?:local )?issuer certificate|invalid peer certificate[^\n]*/gi,
  connection:
    /(?:connect )?E(?:CONN\w+|TIMEDOUT|HOSTUNREACH|NETUNREACH)(?: \S+)?|Connection (?:refused|reset)[\w ]*|Network is unreachable|No route to host|(?:\w+ )?timed out|timeout at: \S+|didn't respond within [\d.]+ seconds/gi,
} as const;

function troubleIn({ code, stdout, stderr }: Ended, limitSeconds: number): IndexTrouble {
  const text = withoutControls(`${stdout}\n${stderr}`);
  for (const [cause, words] of Object.entries(causes) as [keyof typeof causes, RegExp][]) {
    const said = [...text.matchAll(words)].map(([found]) => found).toSorted((a, b) => b.length - a.length);
    if (said[0] !== undefined) return { cause, said: said[0].slice(0, 200) };
  }
  if (code === undefined) return { cause: "connection", said: `no answer within ${limitSeconds} s` };
  const words = /^.*Could not fetch URL [^\n]*/m.exec(text)?.[0] ?? stderr.trim().split("\n").at(-1) ?? "";
  // An address may hold a password.
  const said = withoutControls(words)
    .replace(/\/\/[^/@\s]+@/g, "//")
    .slice(0, 200);
  return { cause: "other", said: said || `it ended with ${code}` };
}
