import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { cacheFolder } from "../../lib/cache-folder.ts";
import { onlySet } from "../../lib/environment.ts";
import { run } from "../../lib/run.ts";
import type { Ended } from "../integration/lab.ts";
import { changeSettings } from "../integration/settings-file.ts";
import { insideArgv } from "./enter.ts";
import type { OutsideWorld } from "./world.ts";

const projectDir = resolve(import.meta.dirname, "../..");
/** What no clone of it has, or what nothing in it is started for. */
const left = new Set([
  ...[".git", ".packages", "node_modules", "repos", "manifest"],
  ...["tests", "docs", "bench"],
]);

/** Somebody in the outside world, with a clone of this project, and nothing of what others have made. */
export class Visitor {
  readonly #world: OutsideWorld;
  readonly #id: number;
  readonly #groups: readonly number[];
  readonly folder: string;
  /** The clone. */
  readonly project: string;
  /** Everything that any command has printed. */
  printed = "";

  /**
   * @param id the user's. Default: root.
   * @param groups what else the user is in.
   */
  constructor(world: OutsideWorld, name: string, id = 0, groups: readonly number[] = []) {
    this.#world = world;
    this.#id = id;
    this.#groups = groups;
    this.folder = join(world.folder, name);
    this.project = join(this.folder, "cooperbench-machine");
    mkdirSync(join(this.project, "node_modules"), { recursive: true });
    for (const entry of readdirSync(projectDir))
      if (!left.has(entry) && !/^Pulumi\.(?!dev\.).+\.yaml$/.test(entry))
        cpSync(join(projectDir, entry), join(this.project, entry), { recursive: true });
    mkdirSync(join(this.folder, "tmp"));
    // Package registries are not the world's: what comes from them is taken from the machine where that is the same.
    const caches = join(this.folder, "cache", "cooperbench-machine");
    mkdirSync(caches, { recursive: true });
    if (id === 0)
      for (const cached of readdirSync(cacheFolder()).filter((entry) => entry.startsWith("uv-")))
        symlinkSync(join(cacheFolder(), cached), join(caches, cached));
    execFileSync("chown", ["-R", `${id}:${id}`, this.folder]);
  }

  /** Runs `./machine` of the clone. */
  machine(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.run([join(this.project, "machine"), ...args], env);
  }

  /** Changes settings of a stack, in its file. */
  configure(stack: string, settings: Readonly<Record<string, unknown>>): void {
    changeSettings(join(this.project, `Pulumi.${stack}.yaml`), settings);
  }

  /** Runs a program in the clone. */
  async run(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const covers = [
      ...this.#world.covers,
      ...[this.#world.socket, "/run/docker.sock"],
      ...[join(projectDir, "node_modules"), join(this.project, "node_modules")],
    ];
    const user = ["setpriv", `--reuid=${this.#id}`, `--regid=${this.#id}`];
    const as = [...user, this.#groups.length === 0 ? "--clear-groups" : `--groups=${this.#groups.join()}`];
    const inside = insideArgv(this.folder, covers, [...(this.#id === 0 ? [] : as), ...argv]);
    const { code, stdout, stderr } = await run("unshare", ["--mount", "--", ...inside], {
      cwd: this.project,
      env: onlySet({ ...this.#env, ...env }),
      keep: 10_000_000,
    });
    this.printed += stdout + stderr;
    return { code, stdout, stderr };
  }

  /** Nothing of the machine's own user reaches the world, except how package registries are reached. */
  get #env(): NodeJS.ProcessEnv {
    const own =
      /^(PULUMI|COOPERBENCH|DOCKER|COHERE|AZURE|XDG|NODE_COMPILE_CACHE|HOME|USER|LOGNAME|VITEST|NODE_ENV)/;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
    const hosts = [env.no_proxy ?? env.NO_PROXY ?? "", this.#world.names]
      .filter((text) => text !== "")
      .join();
    const isRoot = this.#id === 0;
    return {
      ...env,
      PATH: withoutPulumi(this.#world.path),
      no_proxy: hosts,
      NO_PROXY: hosts,
      // Pulumi asks for it where the system does not know the user.
      USER: isRoot ? "root" : "visitor",
      // root's own has what pip, npm and Go are told, and what uv has got.
      HOME: isRoot ? process.env.HOME : this.folder,
      ...(isRoot && { UV_CACHE_DIR: join(process.env.HOME ?? "/root", ".cache", "uv") }),
      TMPDIR: join(this.folder, "tmp"),
      PULUMI_HOME: join(this.folder, "pulumi"),
      DOCKER_CONFIG: join(this.folder, "docker"),
      XDG_CACHE_HOME: join(this.folder, "cache"),
      XDG_DATA_HOME: join(this.folder, "data"),
    };
  }
}

/** A Pulumi of the machine's own would be used. */
function withoutPulumi(path: string): string {
  return path
    .split(delimiter)
    .filter((folder) => !existsSync(join(folder, "pulumi")) && !folder.startsWith(projectDir))
    .join(delimiter);
}
