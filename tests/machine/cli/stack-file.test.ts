import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { newStack } from "../../../cli/new.ts";
import { readStackFile } from "../../../cli/stack-file.ts";
import { parseSettings } from "../../../program/settings.ts";
import { recordedOutput } from "../../caller.ts";
import { configurationWith } from "../../configuration.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder("stack-file-");
  chmodSync(folder, 0o755);
  file = join(folder, "Pulumi.lab.yaml");
});
const read = () => readStackFile({ projectDir: folder, stack: "lab" });

test("a pipe and a socket in the place of a settings file are told, and not waited for", async () => {
  execFileSync("mkfifo", [file]);
  expect(read).toThrow(/cannot be read: it is a named pipe, not a file\nFix: .*\n {2}mv /);
  rmSync(file);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(file, resolve));
  expect(read).toThrow(/cannot be read: it is a socket, not a file\nFix: .*\n {2}mv /);
  await new Promise((resolve) => server.close(resolve));
});

test("a pipe that a setting names as its file is told, and not waited for", () => {
  execFileSync("mkfifo", [file]);
  const parse = (setting: "imagesLock" | "redisPort") =>
    parseSettings("lab", configurationWith({ [setting]: file }), { file: String, engine: String });
  expect(() => parse("imagesLock")).toThrow(
    `imagesLock: ${file} cannot be read: it is a named pipe, not a file`,
  );
  expect(() => parse("redisPort")).toThrow(`redisPort: got ${file}, which has none; want a port`);
});

test("a file that this user may not read is told with whose it is", () => {
  writeFileSync(file, "config: {}\n");
  chmodSync(file, 0);
  const owner = process.getuid?.();
  if (owner === 0) process.seteuid?.(65_534);
  const reader = process.geteuid?.();
  try {
    expect(read).toThrow(
      `${file} cannot be read: it is user ${owner}'s, with mode 0, and this is user ${reader}\nFix: `,
    );
  } finally {
    process.seteuid?.(owner ?? 0);
  }
});

test("new waits for a key that a program gives it, and says so", async () => {
  const pipe = join(folder, "key");
  execFileSync("mkfifo", [pipe]);
  const { output, noted } = recordedOutput();
  const made = newStack({ stack: "lab", keyFile: pipe }, { projectDir: folder, env: {}, output });
  await Promise.all([
    expect(made).rejects.toThrow(/key does not have a key of printable/),
    sleep(2500).then(() => writeFileSync(pipe, "a b")),
  ]);
  expect(noted()).toBe(`machine: waiting for the key from ${pipe}\n`);
});
