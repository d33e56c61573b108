import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

const project = resolve(import.meta.dirname, "../..");

/** Which other layers each may use, as docs/how-it-works.md draws them. */
const layers = {
  lib: [],
  benchmark: ["lib"],
  provision: ["lib", "benchmark"],
  program: ["lib", "benchmark", "provision/ownership", "provision/look.ts"],
  checks: ["lib", "benchmark", "provision", "program", "toolchain"],
  components: ["lib", "benchmark", "provision", "program", "checks"],
  toolchain: ["lib", "benchmark"],
  rehearsal: ["lib", "benchmark", "toolchain"],
};
const all = [
  ...["lib", "benchmark", "provision/ownership", "provision/look.ts", "provision/engine", "provision/steps"],
  ...["program", "checks", "components", "cli", "toolchain", "rehearsal"],
];

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("layers-");
  for (const file of ["biome.json", ".gitignore"]) copyFileSync(join(project, file), join(folder, file));
});

/** What the project's linter refuses of the imports of a file. */
function refused(file: string, imports: readonly string[]): readonly string[] {
  mkdirSync(join(folder, dirname(file)), { recursive: true });
  writeFileSync(join(folder, file), imports.map((from) => `export * from "${from}";\n`).join(""));
  const args = ["lint", "--reporter=github", "--max-diagnostics=none", file];
  const { stdout } = spawnSync("biome", args, { cwd: folder, encoding: "utf8" });
  const found = stdout.matchAll(/noRestrictedImports,.*?line=(\d+)/g);
  return [...found].map(([, line]) => imports[Number(line) - 1] ?? "");
}

test.each(Object.entries(layers))("a file of %s may import of other layers these alone: %j", (layer, may) => {
  const isAllowed = (to: string) =>
    to.startsWith(layer) || may.some((one: string) => to === one || to.startsWith(`${one}/`));
  for (const [file, up] of [
    [`${layer}/a.ts`, ".."],
    [`${layer}/b/c/d.ts`, "../../.."],
  ] as const) {
    const at = (to: string) => `${up}/${to.endsWith(".ts") ? to : `${to}/x.ts`}`;
    expect(refused(file, all.map(at))).toEqual(all.filter((to) => !isAllowed(to)).map(at));
  }
});

test("components read neither files nor the engine", () => {
  const modules = ["node:fs", "node:fs/promises", "node:child_process", "dockerode"];
  expect(refused("components/a.ts", [...modules, "node:path"])).toEqual(modules);
});
