/** A copy of this project with a small set of packages, and an npm that copies a prepared tree. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { vi } from "vitest";
import type { Ended } from "./lab.ts";

const projectDir = resolve(import.meta.dirname, "../..");
/** The id of a user who owns nothing. */
export const NOBODY = 65534;
/** Waits until something is so; fails after 20 seconds. */
export const until = (what: () => boolean) => vi.waitUntil(what, { timeout: 20_000, interval: 20 });
/** The package that brings Node on this platform. */
export const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;

/** Copies the tree that is prepared; NPM_DOES is a line of sh that it runs in the middle. */
const FAKE_NPM = `#!/bin/sh
[ "$1" != --prefix ] || cd "$2"
echo "$*" >>"$NPM_LOG"
rm -rf node_modules
mkdir node_modules
cp -RP "$NPM_TREE"/. node_modules
mv node_modules/.package-lock.json "$NPM_TREE/../hidden.$$"
eval "$NPM_DOES"
mv "$NPM_TREE/../hidden.$$" node_modules/.package-lock.json
`;

/** How a command is started: `env` over the copy's own, as the user `uid`, in the folder `cwd`. */
export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly cwd?: string;
}

/** What `./machine` needs of this project to start, in a temporary folder. */
export class ProjectCopy {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "project-")));
  readonly root: string;
  readonly #tree = join(this.folder, "tree");
  readonly #log = join(this.folder, "npm.log");

  /** @param root where the copy is to be; default: a folder of its own */
  constructor(root?: string) {
    this.root = root ?? join(this.folder, "a project");
    chmodSync(this.folder, 0o755);
    mkdirSync(this.root, { recursive: true });
    for (const name of ["machine", ".npmrc", "cli", "toolchain/packages", "lib"]) {
      cpSync(join(projectDir, name), join(this.root, name), { recursive: true });
    }
    mkdirSync(join(this.folder, "bin"));
    writeFileSync(join(this.folder, "bin", "npm"), FAKE_NPM, { mode: 0o755 });
    this.lock("1.0.0");
  }

  /** Has package.json, package-lock.json and npm's tree ask for this version of the package `late`. */
  lock(version: string): void {
    const entry = (name: string, more = {}) => ({
      [`node_modules/${name}`]: { version, integrity: `sha512-${name}-${version}`, ...more },
    });
    const platform = { os: [process.platform], cpu: [process.arch], optional: true };
    const there = { ...entry("late"), ...entry(NODE_PACKAGE, platform) };
    const packages = { "": {}, ...there, ...entry("elsewhere", { os: ["none"], optional: true }) };
    this.#write("package.json", {
      name: "cooperbench-machine",
      type: "module",
      dependencies: { late: version },
    });
    this.#write("package-lock.json", { lockfileVersion: 3, packages });
    rmSync(this.#tree, { recursive: true, force: true });
    this.#package("late", version);
    writeFileSync(join(this.#tree, "late", "index.js"), `export default ${JSON.stringify(version)};\n`);
    cpSync(join(projectDir, "node_modules", "commander"), join(this.#tree, "commander"), { recursive: true });
    this.#package(NODE_PACKAGE, version);
    mkdirSync(join(this.#tree, NODE_PACKAGE, "bin"));
    symlinkSync(realpathSync(process.execPath), join(this.#tree, NODE_PACKAGE, "bin", "node"));
    writeFileSync(
      join(this.#tree, ".package-lock.json"),
      JSON.stringify({ lockfileVersion: 3, packages: there }),
    );
  }

  /** Puts the packages in place as `npm ci` by hand does. */
  npmCi(): void {
    rmSync(join(this.root, "node_modules"), { recursive: true, force: true });
    cpSync(this.#tree, join(this.root, "node_modules"), { recursive: true, verbatimSymlinks: true });
  }

  /** How often npm was started. */
  get installations(): number {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").trim().split("\n").length : 0;
  }

  /** What an installation leaves beside its result. */
  get leftovers(): readonly string[] {
    const packages = join(this.root, ".packages");
    const names = existsSync(packages)
      ? readdirSync(packages).filter((name) => /^(new|old)-/.test(name))
      : [];
    return [...names, ...(existsSync(join(packages, "lock")) ? readdirSync(join(packages, "lock")) : [])];
  }

  /** The environment of the copy's commands: PATH has the npm that copies, and nothing of this checkout. */
  get env(): NodeJS.ProcessEnv {
    const { COOPERBENCH_PACKAGES_USE: _, NODE_ENV: __, NODE_COMPILE_CACHE: ___, ...env } = process.env;
    const own = join(projectDir, "node_modules");
    const path = (env.PATH ?? "").split(":").filter((dir) => !dir.startsWith(own));
    return {
      ...env,
      PATH: [join(this.folder, "bin"), ...path, dirname(process.execPath)].join(":"),
      HOME: this.folder,
      NPM_TREE: this.#tree,
      NPM_LOG: this.#log,
      NPM_DOES: "",
    };
  }

  /** Runs the copy's `./machine`. */
  machine(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return this.start(join(this.root, "machine"), args, options).ended;
  }

  /** As `machine`, for any program, and for a test that goes on meanwhile. */
  start(file: string, args: readonly string[], { env = {}, uid, cwd = this.folder }: StartOptions = {}) {
    const child = spawn(file, args, {
      cwd,
      env: { ...this.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const printed = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text) => {
        printed[name] += text;
      });
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, ...printed }));
    });
    return { child, ended, printed };
  }

  /** A command that says "started"; `end` has it import a package and start Node, and ends it. */
  longCommand() {
    const file = join(this.root, "long.mjs");
    const script = `
      process.stdin.once("data", async () => {
        const { default: version } = await import("late");
        const { execFileSync } = await import("node:child_process");
        console.log("late", version, execFileSync("node", ["-p", "40 + 2"], { encoding: "utf8" }).trim());
        process.exit(0);
      });
      console.log("started");`;
    writeFileSync(file, script);
    const running = this.start(join(this.root, "machine"), ["exec", "node", file]);
    const end = () => {
      running.child.stdin.end("go\n");
      return running.ended;
    };
    return { ...running, end, started: until(() => running.printed.stdout.includes("started")) };
  }

  /** Removes the copy, with all that was made beside it. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #package(name: string, version: string): void {
    mkdirSync(join(this.#tree, name), { recursive: true });
    const about = { name, version, type: "module", main: "index.js" };
    writeFileSync(join(this.#tree, name, "package.json"), JSON.stringify(about));
  }

  #write(name: string, content: unknown): void {
    writeFileSync(join(this.root, name), `${JSON.stringify(content, null, 2)}\n`);
  }
}
