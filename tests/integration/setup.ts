import { resolve } from "node:path";
import { readyToolchain } from "../../toolchain/toolchain.ts";

/** Makes the toolchain ready before any test: on a fresh machine that takes minutes, and has no test's time limit. */
export default async function setup(): Promise<void> {
  const started = performance.now();
  const report = (line: string) =>
    console.log(`${((performance.now() - started) / 1000).toFixed(1)} s  ${line}`);
  await readyToolchain({ projectDir: resolve(import.meta.dirname, "../.."), report });
}
