/**
 * The rehearsal: a private engine, a private registry with stand-ins for the benchmark's images, and the
 * CooperBench source as a local git repository. This file holds what other folders call; it loads nothing
 * but node's own modules and the mark's until there is work to do, because a ready rehearsal must cost a command nothing.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { MARK } from "../benchmark/stand-ins.ts";
import type { Denied } from "../lib/denied.ts";
import { type EngineName, engineOf } from "./engine-choice.ts";
import { folderId, setFolderId } from "./folder.ts";
import type { PortStatus } from "./relay-ports.ts";

/** Where everything of one rehearsal is. */
export interface Rehearsal {
  /** The folder that holds everything, and that `removeRehearsal` removes. */
  readonly dir: string;
  /** The private engine, as DOCKER_HOST takes it. */
  readonly dockerHost: string;
  /** The CooperBench source, as `git clone` takes it. */
  readonly sourceRepository: string;
  /** The image lock of the stand-ins. */
  readonly imagesLock: string;
  /** The file with the port that is kept free for a Redis: on this machine's loopback, and in the rehearsal. */
  readonly redisPortFile: string;
  /** The registry's URL (`http://127.0.0.1:PORT`); undefined before the first start. */
  registryUrl(): string | undefined;
  /** The port in `redisPortFile`; undefined before the first start. */
  redisPort(): number | undefined;
}

/** What a start may be told. */
export interface StartOptions {
  /** Incompressible bytes in each stand-in. Default: as at the last start, 0 at the first. */
  readonly payloadBytes?: number;
}

/** The variable that names another folder than the default one. */
export const DIR_VARIABLE = "COOPERBENCH_REHEARSAL_DIR";

/** The folder of a rehearsal when nothing else is said. */
export const DEFAULT_DIR = "/var/lib/cooperbench-rehearsal";

/** What a rehearsal's containers have for a network (network.ts), in words. */
export const noOutside =
  "a rehearsal's containers reach nothing outside of it, and its runners install nothing";

/** The places of the rehearsal in `dir`. Touches nothing. */
export function rehearsalAt(dir?: string): Rehearsal {
  const root = resolve(dir ?? process.env[DIR_VARIABLE] ?? DEFAULT_DIR);
  const redisPortFile = join(root, "redis.port");
  return {
    dir: root,
    dockerHost: `unix://${join(root, "docker.sock")}`,
    sourceRepository: `file://${join(root, "CooperBench.git")}`,
    imagesLock: join(root, "images.lock.json"),
    redisPortFile,
    registryUrl: () => {
      const file = join(root, "registry.port");
      return existsSync(file) ? `http://127.0.0.1:${readFileSync(file, "utf8").trim()}` : undefined;
    },
    redisPort: () => {
      const port = existsSync(redisPortFile) ? Number(readFileSync(redisPortFile, "utf8")) : 0;
      return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
    },
  };
}

/**
 * The rehearsal that an engine is: known by the mark beside its socket, or, before its first start, by an image lock
 * that can only be a rehearsal's. By another name of its socket an engine is not taken for one to start.
 *
 * @param dockerHost as DOCKER_HOST takes it.
 * @param imagesLock path of the image lock that goes with it; empty for another's.
 * @returns undefined for any other engine. Touches nothing.
 */
export function rehearsalWith(dockerHost: string, imagesLock: string): Rehearsal | undefined {
  const rehearsal = rehearsalAt(dirname(dockerHost.replace(/^unix:\/\//, "")));
  if (dockerHost !== rehearsal.dockerHost) return undefined;
  return existsSync(join(rehearsal.dir, MARK)) || imagesLock === rehearsal.imagesLock ? rehearsal : undefined;
}

/** The rehearsal's id, which its mark keeps; undefined before its first start. */
export function rehearsalId(r: Rehearsal): string | undefined {
  return folderId(r.dir);
}

/**
 * The engine that the rehearsal has, or would have.
 *
 * @throws a Problem where another is asked for than it has.
 */
export function rehearsalEngine(r: Rehearsal): EngineName {
  return engineOf(r.dir);
}

/** Gives the rehearsal another id: that of a stack which was made in the one before. Nobody may use the present one. */
export async function takeRehearsalId(r: Rehearsal, id: string): Promise<void> {
  const { withLock } = await import("./folder-lock.ts");
  await withLock(
    r.dir,
    () => {},
    async () => setFolderId(r.dir, id),
  );
}

/** @throws Error where no rehearsal can be in that folder. Makes nothing. */
export async function checkFolder(r: Rehearsal): Promise<void> {
  const [{ checkSocketLength }, { checkIsRehearsal, checkPlace }] = await Promise.all([
    import("./engine.ts"),
    import("./folder.ts"),
  ]);
  checkPlace(r.dir);
  checkSocketLength(r.dir);
  if (existsSync(r.dir)) checkIsRehearsal(r.dir);
}

/** Whether engine and registry answer and every stand-in and the source are there. Takes no lock. */
export async function isReady(r: Rehearsal): Promise<boolean> {
  // The cheapest question first: without these two files nothing else need be loaded.
  if (!existsSync(join(r.dir, "contents.json")) || !existsSync(join(r.dir, "docker.sock"))) return false;
  const { answersInFull } = await import("./ready.ts");
  return answersInFull(r);
}

/** What keeps this user from the rehearsal's engine, which may run all the same; undefined where nothing does. */
export async function deniedEngine(r: Rehearsal): Promise<Denied | undefined> {
  const { deniedSocket } = await import("../lib/denied.ts");
  return deniedSocket(join(r.dir, "docker.sock"));
}

/**
 * Starts what does not run, makes what is missing or half made, and leaves the rest alone.
 * @param report takes one line for every step, with its time.
 * @throws Error when this is not Linux, not root, or a step fails; what was made stays for the next start.
 */
export async function startRehearsal(
  r: Rehearsal,
  report: (line: string) => void,
  options: StartOptions = {},
): Promise<void> {
  const { start } = await import("./start.ts");
  await start(r, report, options);
}

/** The ports of this machine's 127.0.0.1 that lead into a rehearsal; undefined where it does not run. */
export async function rehearsalPorts(r: Rehearsal): Promise<PortStatus | undefined> {
  const { portStatus } = await import("./relay-client.ts");
  return portStatus(r.dir);
}

/** Ends the processes of this rehearsal. Its folder stays, with images and containers: a start goes on with them. */
export async function stopRehearsal(r: Rehearsal, report: (line: string) => void): Promise<void> {
  const { stop } = await import("./stop.ts");
  await stop(r, report);
}

/** Ends the processes of this rehearsal and removes its folder, mounts and control groups. */
export async function removeRehearsal(r: Rehearsal, report: (line: string) => void): Promise<void> {
  const { remove } = await import("./remove.ts");
  await remove(r, report);
}

/**
 * The environment in which `docker` is found: PATH, with the rehearsal's own client after the machine's.
 * Empty when the rehearsal made no client.
 */
export function rehearsalEnv(r: Rehearsal, path = process.env.PATH ?? ""): Record<string, string> {
  const bin = join(r.dir, "bin");
  if (!existsSync(join(bin, "docker")) || path.split(":").includes(bin)) return {};
  return { PATH: path === "" ? bin : `${path}:${bin}` };
}
