import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { aptInstall } from "../lib/apt.ts";
import { environmentFor } from "../lib/environment.ts";
import { findAllOnPath, findOnPath } from "../lib/find-program.ts";
import { Problem } from "../lib/problem.ts";
import { fetchPackages, multiarch } from "./debian-packages.ts";
import { askedEngine, type EngineName } from "./engine-choice.ts";

/** The programs a rehearsal runs, by absolute path, and the environment they need. */
export interface Tools {
  readonly dockerd: string;
  readonly docker: string;
  readonly registry: string;
  /** Statically linked: it is in every stand-in. */
  readonly busybox: string;
  readonly redisServer: string;
  readonly redisCli: string;
  /** With it, the engine publishes ports, and gives the containers of a network their names. */
  readonly iptables: string;
  /** This machine's own: these are in every stand-in, too. */
  readonly git: string;
  readonly bash: string;
  /** PATH and, for programs that came as packages, LD_LIBRARY_PATH. */
  readonly env: Readonly<Record<string, string>>;
}

/** Folders of programs for root that a user's PATH may lack. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where the machine's own programs are: a rehearsal's link to its client may be on PATH, and is none of them. */
export function machinePath(path = process.env.PATH ?? ""): string {
  const folders = `${path}:${SYSTEM_PATH}`.split(":");
  return folders.filter((folder) => !existsSync(join(folder, CLIENT_MARK))).join(":");
}

/** A file beside the link to the client, which tells its folder from the machine's. */
export const CLIENT_MARK = ".cooperbench-rehearsal-client";

/**
 * Finds the programs on this machine, and gets the missing ones from Debian's packages, unpacked into the
 * cache folder and installed nowhere.
 *
 * @param engine that is to be had. Default: the one that is asked for.
 */
export async function findTools(
  report: (line: string) => void,
  engine: EngineName = askedEngine() ?? "debian",
): Promise<Tools> {
  const tools = await usualTools(report);
  if (engine === "debian") return tools;
  const { modernEngine } = await import("./modern-engine.ts");
  const path = [...(await modernEngine(report)), tools.env.PATH].join(":");
  return { ...tools, dockerd: findOnPath("dockerd", path) ?? "dockerd", env: { ...tools.env, PATH: path } };
}

async function usualTools(report: (line: string) => void): Promise<Tools> {
  const path = machinePath();
  const found = search(path);
  for (const name of ["git", "bash"] as const)
    if (found[name] === undefined)
      throw new Problem(`the rehearsal needs ${name}, and none is on PATH`, aptInstall(name));
  const missing = missingPackages(found);
  if (missing.length === 0)
    return { ...(found as Omit<Tools, "env">), env: environmentFor("program", process.env, { PATH: path }) };

  const root = await fetchPackages(missing, report);
  linkIptables(root);
  const inRoot = ["usr/sbin", "usr/bin", "sbin", "bin"].map((folder) => join(root, folder));
  // The machine's own programs come first: one that is there is used, and a package only fills a gap.
  const widened = [path, ...inRoot].join(":");
  const all = search(widened);
  const still = missingPackages(all);
  if (still.length > 0)
    throw new Problem(`${root} lacks what ${still.join(" and ")} should contain`, {
      command: ["rm", "-r", root],
    });
  return {
    ...(all as Omit<Tools, "env">),
    env: environmentFor("program", process.env, {
      PATH: widened,
      LD_LIBRARY_PATH: libraryPath(root),
      // For an iptables of the packages only: another finds its own.
      ...(found.iptables === undefined && { XTABLES_LIBDIR: join(root, "usr", "lib", multiarch, "xtables") }),
    }),
  };
}

/** Puts a link to the docker client in DIR/bin where the machine has no client of its own. */
export function linkClient(dir: string, tools: Tools): void {
  const bin = join(dir, "bin");
  rmSync(bin, { recursive: true, force: true });
  if (findOnPath("docker", machinePath()) !== undefined) return;
  mkdirSync(bin);
  writeFileSync(join(bin, CLIENT_MARK), "");
  symlinkSync(tools.docker, join(bin, "docker"));
}

type Found = { readonly [name in keyof Omit<Tools, "env">]: string | undefined };

function search(path: string): Found {
  const dockerd = findOnPath("dockerd", path);
  const parts = [dockerd, findOnPath("containerd", path), findOnPath("runc", path)];
  return {
    dockerd: parts.includes(undefined) ? undefined : dockerd,
    docker: findOnPath("docker", path),
    registry: findOnPath("docker-registry", path),
    busybox: staticBusybox(path),
    redisServer: findOnPath("redis-server", path),
    redisCli: findOnPath("redis-cli", path),
    iptables: findOnPath("iptables", path),
    git: findOnPath("git", path),
    bash: findOnPath("bash", path),
  };
}

/** The first busybox of the path that is linked statically. */
function staticBusybox(path: string): string | undefined {
  return findAllOnPath("busybox", path).find(isStatic);
}

/** Whether an ELF file asks for no dynamic loader; its name would stand in the first page. */
function isStatic(file: string): boolean {
  const page = Buffer.alloc(4096);
  const handle = openSync(file, "r");
  try {
    readSync(handle, page, 0, page.length, 0);
  } finally {
    closeSync(handle);
  }
  return page.subarray(1, 4).toString() === "ELF" && !page.includes("/ld-");
}

/** The Debian packages that hold what was not found. */
function missingPackages(found: Found): string[] {
  const packages: [keyof Found, string][] = [
    ["dockerd", "docker.io"],
    ["docker", "docker-cli"],
    ["registry", "docker-registry"],
    ["busybox", "busybox-static"],
    // It depends on redis-tools, which has the client.
    ["redisServer", "redis-server"],
    ["redisCli", "redis-server"],
    ["iptables", "iptables"],
  ];
  return [...new Set(packages.filter(([name]) => found[name] === undefined).map(([, name]) => name))];
}

/** The names that Debian gives to one of two programs each when it installs the package. */
function linkIptables(root: string): void {
  const folder = join(root, "usr", "sbin");
  for (const name of ["iptables", "ip6tables"]) {
    if (!existsSync(join(folder, `${name}-nft`)) || existsSync(join(folder, name))) continue;
    try {
      symlinkSync(`${name}-nft`, join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was faster
    }
  }
}

/** Where Debian keeps libraries; it has a folder for each architecture. */
function libraryPath(root: string): string {
  return [`usr/lib/${multiarch}`, `lib/${multiarch}`, "usr/lib"].map((name) => join(root, name)).join(":");
}
