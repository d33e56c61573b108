import { resolve } from "node:path";
import { modernEngine } from "../../rehearsal/modern-engine.ts";
import { readyToolchain } from "../../toolchain/toolchain.ts";

/**
 * Makes the toolchain and the modern engine ready before any test: on a fresh machine that takes minutes, has no test's
 * time limit, and would take the processors from the tests.
 */
export default async function setup(): Promise<void> {
  const started = performance.now();
  const report = (line: string) =>
    console.log(`${((performance.now() - started) / 1000).toFixed(1)} s  ${line}`);
  await readyToolchain({ projectDir: resolve(import.meta.dirname, "../.."), report });
  // Where it fails, the tests that want it try again, and say why.
  await modernEngine(report).catch((error: Error) => report(error.message));
}
