import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findOnPath } from "../../lib/find-program.ts";
import { startEngine } from "../../rehearsal/engine.ts";
import { claimFolder } from "../../rehearsal/folder.ts";
import { type Forward, forward } from "../../rehearsal/forward.ts";
import { startNetwork } from "../../rehearsal/network.ts";
import { startRegistry } from "../../rehearsal/registry.ts";
import { type Rehearsal, rehearsalAt, removeRehearsal } from "../../rehearsal/rehearsal.ts";
import { findTools, machinePath, type Tools } from "../../rehearsal/tools.ts";
import { FaultProxy } from "../integration/fault-proxy.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
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
  readonly #ground: Rehearsal;
  readonly #forward: Forward;

  private constructor(
    made: Pick<OutsideWorld, "folder" | "hub" | "faults" | "web" | "covers">,
    ground: Rehearsal,
    held: Forward,
  ) {
    this.folder = made.folder;
    this.hub = made.hub;
    this.faults = made.faults;
    this.web = made.web;
    this.covers = made.covers;
    this.#ground = ground;
    this.#forward = held;
  }

  /** Makes one, with its engine. It needs root. */
  static async make(options: WorldOptions = {}): Promise<OutsideWorld> {
    const folder = mkdtempSync(join(tmpdir(), "world-"));
    chmodSync(folder, 0o755); // others than root look into it
    const ground = rehearsalAt(join(folder, "r"));
    try {
      return await OutsideWorld.#makeOn(ground, folder, options);
    } catch (error) {
      await removeRehearsal(ground, () => {});
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  static async #makeOn(
    ground: Rehearsal,
    folder: string,
    { payloadBytes = 0 }: WorldOptions,
  ): Promise<OutsideWorld> {
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
      "get.pulumi.com": pulumi,
      "github.com": gitHub,
      "api.github.com": refusing(404),
    };
    const certificate = await makeCertificate(folder, Object.keys(sites));
    const web = await Web.start(certificate, sites);
    const covers = coversOf(folder, web, certificate);
    const world = new OutsideWorld(
      { folder, hub, faults, web, covers },
      ground,
      await forward(ground.dir, 443, web.address),
    );
    await world.#startEngine(tools);
    return world;
  }

  /** The engine's socket, as the machine has it. */
  get socket(): string {
    return join(this.#ground.dir, "docker.sock");
  }

  /** The names that are the world's, as no_proxy takes them: a proxy of the machine's is not asked for them. */
  get names(): string {
    return [...this.web.sites.keys()].join();
  }

  /** PATH, with the docker client that the world has where the machine has none. */
  get path(): string {
    return `${process.env.PATH}:${join(this.folder, "bin")}`;
  }

  /** Starts the engine, which has neither mirror nor image: in the ground's network, and in the world. */
  async #startEngine(tools: Tools): Promise<void> {
    const program = join(this.folder, "dockerd");
    // It is in a mount namespace of its own already, and has its own /run there.
    const argv = insideArgv(this.folder, this.covers, [tools.dockerd]).map((word) => `'${word}'`);
    writeFileSync(program, `#!/bin/sh\nexec ${argv.join(" ")} "$@"\n`, { mode: 0o755 });
    const env = { ...tools.env, NO_PROXY: this.names, no_proxy: this.names };
    await startEngine(this.#ground.dir, undefined, { ...tools, dockerd: program, env });
  }

  /** Takes it down, with all that was made in its folder. */
  async close(): Promise<void> {
    await removeRehearsal(this.#ground, () => {});
    this.#forward.close();
    this.faults.close();
    this.web.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Has the names lead to the web, and its authority trusted by whoever asks the system. */
function coversOf(folder: string, { address, sites }: Web, { authority }: Certificate): readonly string[] {
  const names = [...sites.keys()].map((name) => `${address} ${name}\n`);
  const hosts = join(folder, "hosts");
  writeFileSync(hosts, `${readFileSync("/etc/hosts", "utf8")}\n${names.join("")}`);
  const trusted = STORES.filter((store) => existsSync(store)).flatMap((store, at) => {
    const file = join(folder, `trusted-${at}.pem`);
    writeFileSync(file, Buffer.concat([readFileSync(store), Buffer.from("\n"), authority]));
    return [file, store];
  });
  return [hosts, "/etc/hosts", ...trusted];
}
