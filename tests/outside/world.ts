import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findOnPath } from "../../lib/find-program.ts";
import { endEngine, startEngine } from "../../rehearsal/engine.ts";
import { claimFolder } from "../../rehearsal/folder.ts";
import { type Forward, forward } from "../../rehearsal/forward.ts";
import { startNetwork } from "../../rehearsal/network.ts";
import { startRegistry } from "../../rehearsal/registry.ts";
import { type Rehearsal, rehearsalAt, stopRehearsal } from "../../rehearsal/rehearsal.ts";
import { findTools, machinePath, type Tools } from "../../rehearsal/tools.ts";
import { FaultProxy } from "../integration/fault-proxy.ts";
import { makeCertificate } from "./certificate.ts";
import { DockerHub } from "./docker-hub.ts";
import { insideArgv } from "./enter.ts";
import { getPulumi } from "./get-pulumi.ts";
import { github } from "./github.ts";
import { publishImages } from "./images.ts";
import { refusing, Web } from "./web.ts";

const projectDir = resolve(import.meta.dirname, "../..");

/** Where systems have the certificates that programs trust. */
const STORES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/** How a world is made. */
export interface WorldOptions {
  /** Incompressible bytes in each image of a task. Default: 0. */
  readonly payloadBytes?: number;
}

/**
 * Docker Hub, get.pulumi.com and github.com under their real names, and a machine's own engine that reaches them and no
 * registry beside. What it is made of, network, registry, engine, stand-ins, is the rehearsal's.
 */
export class OutsideWorld {
  readonly folder: string;
  readonly hub: DockerHub;
  /** Before the registry: what it does to manifests and layers is Docker Hub's and its CDN's doing. */
  readonly faults: FaultProxy;
  readonly web: Web;
  /** Files that those who are in the world find at other places: pairs of file and place. */
  readonly covers: readonly string[];
  /** The engine's socket, as the machine has it. */
  readonly socket: string;
  readonly #ground: Rehearsal;
  readonly #tools: Tools;
  readonly #forwards: Forward[] = [];

  private constructor(
    made: Pick<OutsideWorld, "folder" | "hub" | "faults" | "web"> & { ground: Rehearsal; tools: Tools },
  ) {
    this.folder = made.folder;
    this.hub = made.hub;
    this.faults = made.faults;
    this.web = made.web;
    this.#ground = made.ground;
    this.#tools = made.tools;
    this.socket = join(made.ground.dir, "docker.sock");
    this.covers = [
      ...[join(made.folder, "hosts"), "/etc/hosts"],
      ...STORES.flatMap((store, at) =>
        existsSync(store) ? [join(made.folder, `trusted-${at}.pem`), store] : [],
      ),
    ];
  }

  /** Makes one, with its engine. It needs root. */
  static async make({ payloadBytes = 0 }: WorldOptions = {}): Promise<OutsideWorld> {
    const folder = mkdtempSync(join(tmpdir(), "world-"));
    // Others than root look into it.
    execFileSync("chmod", ["755", folder]);
    const ground = rehearsalAt(join(folder, "r"));
    claimFolder(ground.dir);
    const tools = await findTools(() => {});
    // One of root's own cache is closed to others.
    if (findOnPath("docker", machinePath()) === undefined)
      cpSync(tools.docker, join(folder, "bin", "docker"));
    await startNetwork(ground.dir, tools);
    const port = await startRegistry(ground.dir, tools);
    const registryUrl = `http://127.0.0.1:${port}`;
    const faults = await FaultProxy.before(registryUrl);
    const hub = new DockerHub(faults.host);
    const [gitHub, pulumi] = await Promise.all([
      github(join(folder, "git")),
      getPulumi(join(folder, "pulumi"), projectDir),
      publishImages({ registryUrl, tools, payloadBytes, workFolder: join(folder, "work") }),
    ]);
    const sites = {
      ...hub.sites,
      "index.docker.io": hub.sites["registry-1.docker.io"] ?? refusing(404),
      "get.pulumi.com": pulumi,
      "github.com": gitHub,
      "api.github.com": refusing(404),
    };
    const certificate = await makeCertificate(folder, Object.keys(sites));
    const web = await Web.start(certificate, sites);
    const names = Object.keys(sites).map((name) => `${web.address} ${name}\n`);
    writeFileSync(join(folder, "hosts"), readFileSync("/etc/hosts", "utf8") + names.join(""));
    for (const [at, store] of STORES.entries())
      if (existsSync(store))
        writeFileSync(
          join(folder, `trusted-${at}.pem`),
          Buffer.concat([readFileSync(store), Buffer.from("\n"), certificate.authority]),
        );
    const world = new OutsideWorld({ folder, hub, faults, web, ground, tools });
    world.#forwards.push(await forward(ground.dir, 443, web.address));
    await world.startEngine();
    return world;
  }

  /** The names that are the world's, as no_proxy takes them: a proxy of the machine's is not asked for them. */
  get names(): string {
    return [...this.web.sites.keys()].join();
  }

  /** Starts the engine, which has neither mirror nor image: in the ground's network, and in the world. */
  async startEngine(): Promise<void> {
    const program = join(this.folder, "dockerd");
    // The engine is in a mount namespace of its own already, and has its own /run there.
    const argv = insideArgv(this.folder, this.covers, [this.#tools.dockerd]).map((word) => `'${word}'`);
    writeFileSync(program, `#!/bin/sh\nexec ${argv.join(" ")} "$@"\n`, { mode: 0o755 });
    const env = { ...this.#tools.env, NO_PROXY: this.names, no_proxy: this.names };
    await startEngine(this.#ground.dir, undefined, { ...this.#tools, dockerd: program, env });
  }

  /** Ends the engine, with what runs on it. */
  endEngine(): Promise<void> {
    return endEngine(this.#ground.dir);
  }

  /** PATH, with the docker client that the world has where the machine has none. */
  get path(): string {
    return `${process.env.PATH}:${join(this.folder, "bin")}`;
  }

  /** Takes it down, with all that was made in its folder. */
  async close(): Promise<void> {
    await stopRehearsal(this.#ground, () => {});
    for (const held of this.#forwards) held.close();
    this.faults.close();
    this.web.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes a folder that a user may write in. */
export function folderOf(user: number, path: string): string {
  mkdirSync(path, { recursive: true });
  execFileSync("chown", ["-R", `${user}:${user}`, path]);
  return path;
}
