import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The file of CooperBench's source that has its version, which its build reads as well. */
export const versionFile = "src/cooperbench/__about__.py";

/** The version of CooperBench that a checkout has; undefined where its files say none. */
export function versionIn(checkout: string): string | undefined {
  try {
    const text = readFileSync(join(checkout, versionFile), "utf8");
    return /^__version__\s*=\s*["']([^"'\s]+)["']/m.exec(text)?.[1];
  } catch {
    return undefined; // it is not there
  }
}
