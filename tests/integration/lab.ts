import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Docker from "dockerode";
import { parseDocument } from "yaml";
import { type Rehearsal, rehearsalAt, rehearsalEnv, removeRehearsal } from "../../rehearsal/rehearsal.ts";
import { SOURCE_COMMIT } from "../../rehearsal/source-commit.ts";
import { commandsIn, misunderstood } from "../printed-commands.ts";
import { changeSettings } from "./settings-file.ts";

const projectDir = resolve(import.meta.dirname, "../..");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine of its own for one test file: a private rehearsal, state and data, in a temporary folder. */
export class Lab {
  readonly folder = mkdtempSync(join(tmpdir(), "lab-"));
  readonly rehearsal: Rehearsal = rehearsalAt(join(this.folder, "r"));
  readonly engine = new Docker({ socketPath: join(this.rehearsal.dir, "docker.sock") });
  readonly checkout = join(this.folder, "repos", "CooperBench");
  readonly dotenv = join(this.checkout, ".env");
  /** Everything that any command has printed. */
  printed = "";
  #stacks: string[] = [];

  /** The environment of this lab's commands: nothing of a user's own state reaches it. */
  get env(): NodeJS.ProcessEnv {
    const {
      PULUMI_STACK: _,
      PULUMI_BACKEND_URL: __,
      DOCKER_HOST: ___,
      COHERE_API_KEY: ____,
      COHERE_API_BASE: _____,
      AZURE_OPENAI_API_KEY: ______,
      // CooperBench starts twice as fast where its imports need not be compiled.
      PYTHONDONTWRITEBYTECODE: _______,
      ...env
    } = process.env;
    return {
      ...env,
      ...rehearsalEnv(this.rehearsal),
      COOPERBENCH_REHEARSAL_DIR: this.rehearsal.dir,
      XDG_DATA_HOME: join(this.folder, "data"),
      PULUMI_CREDENTIALS_PATH: join(this.folder, "credentials"),
    };
  }

  /** A stack on this lab's rehearsal, through its settings alone, with the given ones over them. Gives its name. */
  async makeStack(settings: Readonly<Record<string, unknown>> = {}, key = "key-of-a-test"): Promise<string> {
    const stack = `test-${process.pid}-${this.#stacks.length}`;
    this.#stacks.push(stack);
    const made = await this.machine(["new", stack], { COHERE_API_KEY: key });
    if (made.code !== 0) throw new Error(made.stderr);
    this.configure(stack, {
      dockerHost: this.rehearsal.dockerHost,
      imagesLock: this.rehearsal.imagesLock,
      cooperbenchRepository: this.rehearsal.sourceRepository,
      cooperbenchCommit: SOURCE_COMMIT,
      cooperbenchDir: this.checkout,
      pythonVersion: ">=3.10",
      ...settings,
    });
    return stack;
  }

  /** Changes settings of a stack, in its file. */
  configure(stack: string, settings: Readonly<Record<string, unknown>>): void {
    changeSettings(this.settingsFile(stack), settings);
  }

  /** What a stack's temporary containers are known by: its id, or the name of one without. */
  identity(stack: string): string {
    const document = parseDocument(readFileSync(this.settingsFile(stack), "utf8"));
    return String(document.getIn(["config", "cooperbench-machine:stackId"]) ?? stack);
  }

  /** Removes every image from the engine. */
  async removeImages(): Promise<void> {
    for (const { Id } of await this.engine.listImages())
      await this.engine.getImage(Id).remove({ force: true });
  }

  /** Every image reference on the engine, sorted, digests among them. */
  async references(): Promise<readonly string[]> {
    const images = await this.engine.listImages();
    // containerd's store has names by digest among the tags, too.
    return [
      ...new Set(images.flatMap(({ RepoTags, RepoDigests }) => [RepoTags ?? [], RepoDigests ?? []].flat())),
    ].sort();
  }

  /** Where a stack's settings are. */
  settingsFile(stack: string): string {
    return join(projectDir, `Pulumi.${stack}.yaml`);
  }

  /** Runs `./machine` with the arguments. */
  machine(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.run(join(projectDir, "machine"), args, env);
  }

  /** Runs a program in this lab's environment, in the project's folder. */
  run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(file, args, env).ended;
  }

  /** As `run`, for a test that interrupts it. */
  start(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(file, args, {
      cwd: projectDir,
      env: { ...this.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text) => {
        stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text) => {
        stderr += text;
      });
      child.on("error", reject);
      child.on("close", (code) => {
        this.printed += stdout + stderr;
        resolve({ code, stdout, stderr });
      });
    });
    return { child, ended };
  }

  /** The names of the probe containers that are on the engine, running or not. */
  async containers(): Promise<readonly string[]> {
    const containers = await this.engine.listContainers({ all: true });
    return containers.flatMap((container) => container.Names);
  }

  /** Takes everything down that this lab has made. Throws where a command that was printed would not be understood. */
  async close(): Promise<void> {
    await removeRehearsal(this.rehearsal, () => {});
    for (const stack of this.#stacks) rmSync(this.settingsFile(stack), { force: true });
    rmSync(this.folder, { recursive: true, force: true });
    const wrong = await misunderstood(commandsIn(this.printed));
    if (wrong.length > 0) throw new Error(`commands were printed that do not run:\n${wrong.join("\n")}`);
  }
}
