import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathOfPython, putUvOnPath } from "./tiny-cooperbench.ts";

/** Makes the environment of a checkout that has python-dotenv alone, of that version. */
export async function makeDotenvVenv(folder: string, version: string): Promise<void> {
  await putUvOnPath();
  const { path } = await pathOfPython(">=3.10");
  const venv = join(folder, ".venv");
  mkdirSync(folder, { recursive: true });
  execFileSync("uv", ["venv", "--quiet", "--python", path, venv]);
  const python = join(venv, "bin", "python");
  execFileSync("uv", ["pip", "install", "--quiet", "--python", python, `python-dotenv==${version}`]);
}

/** The one that CooperBench's own lock has, the oldest that its packages take, the newest. */
export const dotenvVersions = { locked: "1.2.1", oldest: "1.0.0", newest: "1.2.4" } as const;
