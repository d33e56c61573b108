import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { newStack } from "../../../cli/new.ts";
import { readStackFile } from "../../../cli/stack-file.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("stack-file-");
});

test.each<[string, (file: string) => void, string]>([
  ["a folder", (file) => mkdirSync(file), "it is a folder, not a file"],
  ["a device", (file) => symlinkSync("/dev/null", file), "it is a device, not a file"],
  [
    "a dangling link",
    (file) => symlinkSync("gone.yaml", file),
    "it is a link to gone.yaml, which is not there",
  ],
  [
    "a link to itself",
    (file) => symlinkSync("Pulumi.lab.yaml", file),
    "it is a link to Pulumi.lab.yaml, which leads back to itself",
  ],
])("%s in the place of a settings file is told, and by new as well", async (_, make, why) => {
  const file = join(folder, "Pulumi.lab.yaml");
  make(file);
  const told = `${file} cannot be read: ${why}\nFix: move it out of the way, and put the file there:\n  mv ${file} ${file}.old`;
  expect(() => readStackFile({ projectDir: folder, stack: "lab" })).toThrow(told);
  await expect(newStack({ stack: "lab" }, callerOf(folder, "lab", {}))).rejects.toThrow(told);
});
