/** Programs that are built from Go modules, each once a machine, into the cache. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { environmentFor } from "../lib/environment.ts";
import { output, run } from "../lib/run.ts";
import { cachedFolder } from "./cache.ts";
import { type Go, readyGo } from "./go.ts";
import { type Report, step } from "./steps.ts";
import type { ToolchainSettings } from "./variables.ts";

/** Something that `go build` makes. */
export interface GoProgram {
  readonly name: string;
  readonly version: string;
  /** Folder of the Go module that locks its versions. */
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
  /** What of its packages is built, where that is not what Go takes by itself. */
  readonly tags?: string;
  /** What to expect, for who waits. */
  readonly takes: string;
  /**
   * Variables with which Go finds what a program that is in part C needs; asked where it is built. Default: it is in Go
   * alone.
   */
  readonly c?: () => Promise<Readonly<Record<string, string>>>;
  /** What is built after it, whose modules are downloaded meanwhile. Default: nothing. */
  readonly next?: GoProgram;
}

/**
 * How packages are compiled. Nothing is inlined and nothing said for debuggers, which takes a third off the build, except
 * in what a preview spends its time in: there inlining is worth a tenth of the preview.
 */
const COMPILING = [
  "-gcflags=all=-l -dwarf=false",
  ...[
    "std",
    "google.golang.org/grpc/...",
    "google.golang.org/protobuf/...",
    "github.com/klauspost/compress/...",
  ].map((packages) => `-gcflags=${packages}=-dwarf=false`),
];

/** The program, built unless the cache has it, and the files that it is made from. */
export async function goProgram(
  program: GoProgram,
  settings: ToolchainSettings,
  report: Report,
): Promise<{ file: string; files: readonly string[] }> {
  const { name, version, module, next } = program;
  const { folder, files } = builtFrom(program, settings);
  await cachedFolder(folder, report, async (temporary) => {
    const c = (await program.c?.()) ?? {};
    const go = await readyGo(readFileSync(join(module, "go.mod"), "utf8"), settings, report);
    if (next !== undefined && !existsSync(builtFrom(next, settings).folder)) startDownload(go, next);
    const title = `${name} ${version}: building from Go modules with ${go.version} (${program.takes})`;
    await step(report, title, (at) => build(go, program, c, join(temporary, name), at));
  });
  return { file: join(folder, name), files };
}

/** What a program is made from, and the folder of the cache that has what is made from just that. */
function builtFrom(
  { name, version, module, package: main, ldflags, tags }: GoProgram,
  { cacheDir }: ToolchainSettings,
): { folder: string; files: readonly string[] } {
  const files = sourceFiles(module);
  const contents = files.map((file) => [file.slice(module.length), readFileSync(file, "utf8")]);
  const flags = [main, COMPILING, ldflags, contents, ...(tags === undefined ? [] : [tags])];
  const key = digest([process.platform, process.arch, ...flags]);
  return { folder: join(cacheDir, `${name}-${version}-${key}`), files };
}

/** Variables of Go. Nothing but the locked versions of a module is used. */
function variables(go: Go, more: Readonly<Record<string, string>> = {}) {
  return environmentFor("go", process.env, {
    GOTOOLCHAIN: "local",
    GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
    GOWORK: "off",
    // A bare machine has no C compiler, and most programs need none.
    CGO_ENABLED: "0",
    GOROOT: go.root,
    ...more,
  });
}

/** Downloads the modules of a program while another is built, which uses the processors and not the network. */
function startDownload(go: Go, { module, package: main, tags = "" }: GoProgram): void {
  // What it fails to get, the program's own build gets, or says why it cannot.
  run(go.file, ["list", "-deps", "-tags", tags, main], { cwd: module, env: variables(go) }).catch(() => {});
}

async function build(
  go: Go,
  { module, package: name, ldflags, tags = "" }: GoProgram,
  c: Readonly<Record<string, string>>,
  file: string,
  onProgress: (what: string) => void,
): Promise<void> {
  let compiled = 0;
  await output(go.file, ["build", "-v", "-tags", tags, ...COMPILING, "-ldflags", ldflags, "-o", file, name], {
    cwd: module,
    env: variables(go, {
      // A machine's /tmp may be small, and a build takes a gigabyte.
      GOTMPDIR: dirname(file),
      // Garbage is collected less often, a fifth of the time; of memory each compiler may have a quarter before it is.
      GOGC: "400",
      GOMEMLIMIT: `${Math.floor(totalmem() / 4 / 2 ** 20)}MiB`,
      ...c,
    }),
    onErrorLine: (line) => {
      if (line.startsWith("go: downloading")) onProgress(line.slice("go: ".length));
      else onProgress(`${++compiled} packages compiled`);
    },
  });
}

/** All source files below a folder, in a fixed order. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(go|mod|sum|ts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Names what something is made from. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}
