/**
 * A Node process that becomes the SDK's runner when it is told for what program. Until then it loads the SDK, most of
 * a program's start-up, while the engine still finds its plugins. The SDK takes no notice of arguments and environment before
 * the runner calls it: its state is made at the first use.
 *
 * Usage: node warm-runner.ts RUNNER, with an IPC channel on which one `Program` comes.
 */
import { createRequire } from "node:module";

/** What the runner is told: its arguments, and variables on top of this process's. */
export interface Program {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const runner = process.argv[2] ?? "";
const require = createRequire(runner);

process.once("message", ({ args, env }: Program) => {
  process.disconnect();
  Object.assign(process.env, env);
  process.argv = [process.execPath, runner, ...args];
  require(runner);
});

// In the runner's own order: its hooks into V8 tell of every script that is loaded, and come cheapest before the rest.
for (const module of ["runtime/closure/v8Hooks", "index", "cmd/run/tracing"]) {
  try {
    const loaded = require(`@pulumi/pulumi/${module}`) as { isInitializedAsync?: () => Promise<void> };
    await loaded.isInitializedAsync?.();
  } catch {
    // Not in this version of the SDK: the runner loads what it needs.
  }
}
