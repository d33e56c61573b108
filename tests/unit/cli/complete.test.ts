import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { commandLine } from "../../../cli/commands.ts";
import { complete } from "../../../cli/complete.ts";
import type { Output } from "../../../cli/terminal.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let projectDir: string;
beforeEach(() => {
  projectDir = temporaryFolder("complete-");
  cpSync(resolve(import.meta.dirname, "../../../Pulumi.yaml"), join(projectDir, "Pulumi.yaml"));
  for (const stack of ["dev", "lab-1"])
    writeFileSync(join(projectDir, `Pulumi.${stack}.yaml`), "config: {}\n");
  mkdirSync(join(projectDir, "repos/CooperBench/logs/night"), { recursive: true });
});

/** What the last word of a line can be. */
function completed(line: string): readonly string[] {
  const printed: string[] = [];
  const output = { print: (text: unknown) => void printed.push(String(text)) } as Partial<Output> as Output;
  const program = commandLine(async () => {}, output);
  complete(program, line.split(" "), { projectDir, env: {}, output });
  return printed
    .join("")
    .split("\n")
    .flatMap((one) => (one === "" ? [] : (one.split("\t")[0] ?? "")));
}

test.each([
  ["re", ["report", "remove", "rehearsal"]],
  ["up ", ["dev", "lab-1"]],
  ["new ", []],
  ["rehearsal st", ["start", "stop", "status"]],
  ["rehearsal remove --f", ["--force"]],
  ["help com", ["completion"]],
  ["plan dev --c", ["--check"]],
  ["plan dev --check ", ["night"]],
  ["run lab-1 -n ni", ["night"]],
  ["run dev -n x -r go_chi_task -t ", ["26", "27", "56"]],
  [
    "set dev coo",
    [
      "cooperbenchRepository",
      "cooperbenchVersion",
      "cooperbenchCommit",
      "cooperbenchDir",
      "cooperbenchExtras",
      "coop",
    ],
  ],
  ["set dev coop ", ["true", "false"]],
  ["set dev subset f", ["flash", "full"]],
  ["set dev tasks pillow_task dspy_task/83", ["dspy_task/8394"]],
  ["run dev --setting=coop-", ["--setting=coop-silent"]],
  // As bash takes it apart.
  ["run dev --setting = coop-", ["coop-silent"]],
  ["completion ", ["bash", "zsh", "fish"]],
  ["report --out ", []],
  ["smoke --fea", ["--features"]],
  ["nonsense ", []],
])("%j can go on as %j", (line, words) => expect(completed(line)).toEqual(words));
