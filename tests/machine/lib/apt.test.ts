import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aptGet } from "../../../lib/apt.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let said: string[];
beforeEach(() => {
  folder = temporaryFolder("apt-");
  said = [];
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** An apt-get that counts its calls, and is told the lock `times` times. */
function apt(
  times: number,
  said = "Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1",
): void {
  const file = join(folder, "apt-get");
  const script = `echo "$DEBIAN_FRONTEND $*" >>${folder}/calls
[ $(wc -l <${folder}/calls) -gt ${times} ] || { echo "E: ${said}" >&2; exit 100; }`;
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
const get = (patienceMs: number) => aptGet(["update"], (line) => said.push(line), { patienceMs, pollMs: 5 });

test("a lock that is held is waited for, and told once", async () => {
  apt(3);
  await get(60_000);
  expect(calls()).toEqual(Array(4).fill("noninteractive update"));
  expect(said).toEqual([expect.stringContaining("waiting for it")]);
});

test("for no longer than there is patience", async () => {
  apt(1000);
  await expect(get(20)).rejects.toThrow(/^apt-get update ended with 100:\nE: Could not get lock/);
});

test("what fails for another reason fails at once", async () => {
  apt(1000, "Unable to locate package x");
  await expect(get(60_000)).rejects.toThrow("Unable to locate package x");
  expect(calls()).toHaveLength(1);
  expect(said).toEqual([]);
});
