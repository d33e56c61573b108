import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { machine, type Remedy } from "../../lib/remedy.ts";

/** The engine that a stack speaks to. */
export interface EngineHost {
  /** As in DOCKER_HOST. */
  readonly host: string;
  /** What it was taken from, such as `your docker context rootless`. */
  readonly from: string;
  /** What a reader should know: that another shell means another engine, or that there is another one here. */
  readonly word?: string;
  /** What helps where it does not answer, and that is known already. */
  readonly remedy?: Remedy;
}

/** Where it is looked for. */
export interface HostSearch {
  /** Default: this process's. */
  readonly env?: Environment;
  /** Home folder. Default: the user's. */
  readonly home?: string;
  /** Default: whether the file is there. */
  readonly exists?: (socket: string) => boolean;
}

/** Where `docker` asks where nothing is set. */
const usualSocket = "/var/run/docker.sock";

/** The host alone of `engineHostOf`. */
export function dockerHostOf(setting: string, env?: Environment): string {
  return engineHostOf(setting, env === undefined ? {} : { env }).host;
}

/**
 * The engine of a stack: of its `dockerHost` setting, else the one that `docker` itself would use, by DOCKER_HOST, by
 * its context or by the usual socket; where that socket is not there, a rootless engine's or Docker Desktop's.
 *
 * @throws a Problem where docker's context is none.
 */
export function engineHostOf(setting: string, search: HostSearch = {}): EngineHost {
  const { env = process.env, home = homedir(), exists = existsSync } = search;
  if (setting !== "") return { host: setting, from: "the setting dockerHost" };
  if (env.DOCKER_HOST)
    return { host: env.DOCKER_HOST, from: "DOCKER_HOST", word: "a shell without it means another engine" };
  const context = contextOf(env.DOCKER_CONFIG || join(home, ".docker"), env);
  if (context !== undefined) return context;

  const sockets = [usualSocket, ...ownSockets(env, home)].filter((path) => exists(path));
  const [socket = usualSocket, ...others] = sockets;
  const another = others.map((path) => `unix://${path}`).join(" and ");
  const word =
    socket !== usualSocket
      ? "no docker context names it, so `docker` here uses another engine"
      : another && `docker uses it; there is another engine at ${another}`;
  return { host: `unix://${socket}`, from: "its usual socket", ...(word && { word }) };
}

/** The sockets of a user's own engines: rootless ones, and Docker Desktop's on macOS and Linux. */
function ownSockets({ XDG_RUNTIME_DIR }: Environment, home: string): readonly string[] {
  const runtime = [XDG_RUNTIME_DIR, `/run/user/${process.getuid?.()}`].flatMap((folder) =>
    folder ? [join(folder, "docker.sock")] : [],
  );
  const desktop = [join(home, ".docker/run/docker.sock"), join(home, ".docker/desktop/docker.sock")];
  return [...new Set([...runtime, ...desktop])];
}

/** What docker's own files say; undefined for its default context, which is the usual socket. */
function contextOf(folder: string, env: Environment): EngineHost | undefined {
  const name = env.DOCKER_CONTEXT || currentContext(join(folder, "config.json"));
  if (name === undefined || name === "default") return undefined;
  const id = createHash("sha256").update(name).digest("hex");
  const named = env.DOCKER_CONTEXT ? "DOCKER_CONTEXT names" : `${join(folder, "config.json")} names`;
  const host = hostIn(join(folder, "contexts", "meta", id, "meta.json"));
  if (host === undefined)
    throw new Problem(`${named} a docker context ${name}, which docker does not have`, [
      { command: env.DOCKER_CONTEXT ? ["unset", "DOCKER_CONTEXT"] : ["docker", "context", "use", "default"] },
      { ...machine("set", "STACK", "dockerHost", "HOST"), when: "if you mean another engine" },
    ]);
  const from = `your docker context ${name}`;
  // Its certificates are docker's own: no client but docker finds them there.
  const certificates = join(folder, "contexts", "tls", id);
  if (!existsSync(certificates)) return { host, from };
  return {
    ...{ host, from, word: "the context has certificates, which only docker itself can use" },
    remedy: {
      command: [
        ...["export", `DOCKER_HOST=${host}`, "DOCKER_TLS_VERIFY=1"],
        `DOCKER_CERT_PATH=${join(certificates, "docker")}`,
      ],
    },
  };
}

function currentContext(file: string): string | undefined {
  const { currentContext } = json(file) as { currentContext?: unknown };
  return typeof currentContext === "string" && currentContext !== "" ? currentContext : undefined;
}

function hostIn(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const { Endpoints } = json(file) as { Endpoints?: { docker?: { Host?: string } } };
  return Endpoints?.docker?.Host || `unix://${usualSocket}`;
}

/** A file's JSON; nothing where it is not there, or broken, which whoever needs it reports. */
function json(file: string): object {
  try {
    return JSON.parse(readFileSync(file, "utf8")) ?? {};
  } catch {
    return {};
  }
}
