import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { readyToolchain } from "../../toolchain/toolchain.ts";

const projectDir = resolve(import.meta.dirname, "../..");

/**
 * Makes the toolchain ready before any test: on a fresh machine that takes minutes, and has no test's time limit. The modern
 * engine, which one file wants, is built beside the others, with what they leave of the processor.
 *
 * @returns what ends that building, whose parts are kept.
 */
export default async function setup(): Promise<() => void> {
  const started = performance.now();
  const report = (line: string) =>
    console.log(`${((performance.now() - started) / 1000).toFixed(1)} s  ${line}`);
  await readyToolchain({ projectDir, report });
  const file = JSON.stringify(resolve(projectDir, "rehearsal/modern-engine.ts"));
  // Where it fails, the test that wants the engine tries again, and says why.
  const build = `import(${file}).then(({ modernEngine }) => modernEngine(() => {}))`;
  const building = spawn("nice", ["-n", "19", process.execPath, "-e", build], { stdio: "ignore" });
  building.on("error", () => {});
  building.unref();
  return () => building.kill();
}
