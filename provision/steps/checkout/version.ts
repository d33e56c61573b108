import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The file of CooperBench's source that has its version, which its build reads as well. */
export const versionFile = "src/cooperbench/__about__.py";

/** The oldest Python that any version of CooperBench takes, by its pyproject.toml. */
const oldestPython = ">=3.10";

/** The Pythons that a checkout's CooperBench takes, such as >=3.10. */
export function pythonsOf(checkout: string): string {
  try {
    const text = readFileSync(join(checkout, "pyproject.toml"), "utf8");
    return /^requires-python\s*=\s*["'](>=3\.\d+)/m.exec(text)?.[1] ?? oldestPython;
  } catch {
    return oldestPython; // it is not there
  }
}

/** The version of CooperBench that a checkout has; undefined where its files say none. */
export function versionIn(checkout: string): string | undefined {
  try {
    const text = readFileSync(join(checkout, versionFile), "utf8");
    return /^__version__\s*=\s*["']([^"'\s]+)["']/m.exec(text)?.[1];
  } catch {
    return undefined; // it is not there
  }
}
