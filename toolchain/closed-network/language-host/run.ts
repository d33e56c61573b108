/** Runs a Pulumi program in a Node process of its own, through the SDK's runner. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RunRequest } from "@pulumi/pulumi/proto/language_pb.js";
import { splitArguments } from "./split-arguments.ts";
import type { Program } from "./warm-runner.ts";

/** The runner's exit code for "the user has been told already". */
const BAIL = 32;
/** How long a program has between SIGINT and SIGKILL. */
const GRACE_MS = 5000;
/** How long a host waits after the question for packages before it starts a process for the program. */
const WARM_UP_DELAY_MS = 10;

/** What `runtime.options` of Pulumi.yaml may say; other options concern `pulumi install`. */
interface RuntimeOptions {
  typescript?: unknown;
  tsconfig?: unknown;
  nodeargs?: unknown;
}

/**
 * Programs have a compile cache of their own. The SDK changes V8's flags as it loads, and code that was compiled under
 * other flags, such as this host's, is thrown away and written anew at every run.
 */
const compileCache = process.env.NODE_COMPILE_CACHE && {
  NODE_COMPILE_CACHE: `${process.env.NODE_COMPILE_CACHE}-programs`,
};

/** Starts programs and ends them. */
export class ProgramRunner {
  engineAddress: string;
  readonly #runPath: string;
  readonly #running = new Set<ChildProcess>();
  #warm: { child: ChildProcess; nodeArguments: string } | undefined;

  /** @param runPath file of the SDK's runner, `@pulumi/pulumi/cmd/run` */
  constructor(engineAddress: string, runPath: string) {
    this.engineAddress = engineAddress;
    this.#runPath = runPath;
  }

  /** Runs the program to its end. `bail` means that its errors were shown already. */
  async run(request: RunRequest): Promise<{ error: string; bail: boolean }> {
    if (request.getAttachDebugger()) {
      return { error: "this language host attaches no debugger: leave out --attach-debugger", bail: false };
    }
    const options = optionsOf(request);
    const child = this.#warmedUp(options) ?? this.#spawn(options);
    const program: Program = {
      args: runnerArguments(request, this.engineAddress),
      env: runnerEnvironment(request, options),
    };
    child.send(program);
    return new Promise((resolve) => {
      child.once("error", (error) => {
        this.#running.delete(child);
        resolve({ error: `the program could not be started: ${error.message}`, bail: false });
      });
      child.once("exit", (code, signal) => {
        this.#running.delete(child);
        if (code === 0 || code === BAIL) return resolve({ error: "", bail: code === BAIL });
        const how = signal ? `was ended by ${signal}` : `exited with non-zero exit code: ${code}`;
        resolve({ error: `Program ${how}`, bail: false });
      });
    });
  }

  /**
   * Gets a Node process ready for a program that is soon to be run. Not at once, for the engine starts a host of its
   * own to ask for the packages alone.
   */
  warmUp(request: ProgramRequest): void {
    if (this.#running.size > 0) return;
    const options = optionsOf(request);
    const timer = setTimeout(() => {
      if (this.#running.size > 0) return;
      this.#warm = { child: this.#spawn(options), nodeArguments: String(nodeArguments(options)) };
    }, WARM_UP_DELAY_MS);
    timer.unref();
  }

  /** Asks running programs to end, and ends them when they do not. */
  stop(): void {
    for (const child of this.#running) child.kill("SIGINT");
    setTimeout(() => this.kill(), GRACE_MS).unref();
  }

  /** Ends running programs at once. */
  kill(): void {
    for (const child of this.#running) child.kill("SIGKILL");
  }

  #warmedUp(options: RuntimeOptions): ChildProcess | undefined {
    const warm = this.#warm;
    this.#warm = undefined;
    if (warm === undefined || warm.child.exitCode !== null) return undefined;
    if (warm.nodeArguments === String(nodeArguments(options))) return warm.child;
    warm.child.kill("SIGKILL");
    return undefined;
  }

  #spawn(options: RuntimeOptions): ChildProcess {
    const warmRunner = fileURLToPath(new URL("warm-runner.ts", import.meta.url));
    const child = spawn(process.execPath, [...nodeArguments(options), warmRunner, this.#runPath], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, ...compileCache },
    });
    this.#running.add(child);
    return child;
  }
}

/** A request that speaks of a program. */
interface ProgramRequest {
  getInfo(): ReturnType<RunRequest["getInfo"]>;
}

function optionsOf(request: ProgramRequest): RuntimeOptions {
  return (request.getInfo()?.getOptions()?.toJavaScript() ?? {}) as RuntimeOptions;
}

/** The arguments of the SDK's runner for a request. */
export function runnerArguments(request: RunRequest, engineAddress: string): string[] {
  const info = request.getInfo();
  const flags: Record<string, string | undefined> = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory(),
    stack: request.getStack(),
    pwd: info?.getProgramDirectory() || request.getPwd(),
    parallel: String(request.getParallel()),
  };
  return [
    ...Object.entries(flags).flatMap(([flag, value]) => (value ? [`--${flag}`, value] : [])),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info?.getEntryPoint() || request.getProgram() || ".",
    ...request.getArgsList(),
  ];
}

function runnerEnvironment(request: RunRequest, options: RuntimeOptions): Record<string, string> {
  const typescript = options.typescript ?? true;
  if (typeof typescript !== "boolean") throw optionError("typescript", "a boolean", typescript);
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(typeof options.tsconfig === "string" && { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
}

function nodeArguments(options: RuntimeOptions): string[] {
  const nodeargs = options.nodeargs ?? "";
  if (typeof nodeargs !== "string") throw optionError("nodeargs", "a string", nodeargs);
  return splitArguments(nodeargs);
}

function optionError(option: string, want: string, got: unknown): Error {
  return new Error(`runtime.options.${option} in Pulumi.yaml must be ${want}, and is ${JSON.stringify(got)}`);
}
