/** uv: the machine's own where it is new enough, else from PyPI into the cache. */

import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { aptInstall } from "../lib/apt.ts";
import { environmentFor } from "../lib/environment.ts";
import { findAllOnPath } from "../lib/find-program.ts";
import { Problem } from "../lib/problem.ts";
import { answerOf, output, run } from "../lib/run.ts";
import { isAtLeast } from "../lib/version.ts";
import { installDebianPackages } from "./apt.ts";
import { cachedFolder } from "./cache.ts";
import { findPython, workingPythons } from "./python.ts";
import { type Report, step } from "./steps.ts";
import type { Piece } from "./toolchain.ts";
import type { ToolchainSettings } from "./variables.ts";
import { UV_MINIMUM, UV_VERSION } from "./versions.ts";

/** A uv that runs. `installed` means that it is in the cache, and not on the user's PATH. */
export interface Uv {
  readonly file: string;
  readonly installed: boolean;
  readonly piece: Piece;
}

/** Finds or gets uv. */
export async function readyUv(settings: ToolchainSettings, report: Report): Promise<Uv> {
  for (const file of findAllOnPath("uv", settings.path)) {
    const said = await answerOf(file, ["--version"], { env: environmentFor("uv"), timeoutSeconds: 20 });
    const version = /\d+\.\d+\.\d+/.exec(said ?? "")?.[0] ?? "";
    if (isAtLeast(version, UV_MINIMUM)) {
      return { file, installed: false, piece: { name: "uv", version, from: `PATH (${file})` } };
    }
    report(`${file} is version ${version || "unknown"}, and uv ${UV_MINIMUM} is wanted`);
  }
  const folder = join(settings.cacheDir, `uv-${UV_VERSION}`);
  if (!existsSync(folder)) {
    await step(report, `uv ${UV_VERSION}: getting it from PyPI`, () =>
      cachedFolder(folder, report, (temporary) => installUv(temporary, settings, report)),
    );
  }
  const file = join(folder, "uv");
  return { file, installed: true, piece: { name: "uv", version: UV_VERSION, from: "PyPI" } };
}

async function installUv(folder: string, settings: ToolchainSettings, report: Report): Promise<void> {
  // Debian's Python refuses to install outside of a virtual environment.
  const venv = join(folder, "venv");
  await makeVenv(venv, settings, report);
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
  await output(join(venv, "bin", "python"), ["-m", "pip", "install", ...quiet, `uv==${UV_VERSION}`], {
    env: environmentFor("pip"),
  });
  mkdirSync(folder, { recursive: true });
  // uv is a program of its own and needs nothing of the environment, whose paths end with the rename.
  for (const name of ["uv", "uvx"]) copyFileSync(join(venv, "bin", name), join(folder, name));
  await rm(venv, { recursive: true });
}

async function makeVenv(venv: string, settings: ToolchainSettings, report: Report): Promise<void> {
  const trouble: string[] = [];
  for (const attempt of ["as it is", "with python3-venv"]) {
    for await (const python of workingPythons(settings)) {
      const { code, stdout, stderr } = await run(python.file, ["-m", "venv", "--clear", venv], {
        env: environmentFor("pip"),
      });
      if (code === 0) return;
      trouble.push(`${python.file} -m venv: ${(stderr.trim() || stdout.trim()).split("\n")[0]}`);
    }
    if (attempt === "as it is") {
      // Debian and Ubuntu ship Python without what makes an environment.
      const installed = await installDebianPackages(["python3-venv"], settings, report);
      if (!installed) break;
    }
  }
  await findPython(settings);
  throw new Problem(`no Python on this machine can make a virtual environment (${trouble.join("; ")})`, [
    aptInstall("python3-venv"),
    { advice: `install uv ${UV_MINIMUM} or newer` },
  ]);
}
