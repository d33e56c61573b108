import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

/** Unit tests start no program: those that work on real ones are of the project `machine`, which has more time. */
function refuse(file: unknown): never {
  throw new Error(
    `a unit test starts ${JSON.stringify(file)}\nFix: move it to the same path in tests/machine`,
  );
}

for (const name of ["spawnSync", "execSync", "execFileSync"] as const) childProcess[name] = refuse;
// What `spawn` and all that is asynchronous end in; Node has it, and its types do not.
Object.assign(childProcess.ChildProcess.prototype, { spawn: ({ file }: { file: string }) => refuse(file) });
syncBuiltinESMExports();
