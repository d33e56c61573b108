import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findPython, meets, pythonDownload } from "../../../../provision/steps/python.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

test.each([
  ["3.12.4", "3.12", true],
  ["3.12.4", "3.12.4", true],
  ["3.12.4", "3.12.3", false],
  ["3.1.2", "3.12", false],
  ["3.13.0", "3.12", false],
  ["3.10.0", ">=3.10", true],
  ["3.9.20", ">=3.10", false],
  ["4.0.0", ">=3.10", true],
])("Python %s meets %s: %s", (version, request, met) => expect(meets(version, request)).toBe(met));

let bin: string;
beforeEach(() => {
  bin = temporaryFolder("python-");
  // A future minor version, so that no Python of this machine comes in between.
  vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

test("a shim that fails is passed over for a Python that answers", async () => {
  program("python3.98", "echo 'pyenv: python3.98: command not found' >&2; exit 127");
  program("python3", "printf '/opt/python3.98\\n3.98.1\\n'");
  expect(await findPython("3.98", () => {})).toEqual({ path: "/opt/python3.98", version: "3.98.1" });
});

test("where there is none, uv is asked, and the error says what was got, what is wanted and how to mend it", async () => {
  program("python3", "printf '/opt/python3\\n3.1.0\\n'");
  program("uv", 'case "$2" in dir) echo /nowhere;; *) echo "no network" >&2; exit 2;; esac');
  const said: string[] = [];
  await expect(findPython("3.99", (line) => said.push(line))).rejects.toThrow(
    /there is no Python 3\.99 on this machine \(3\.1\.0 \(\/opt\/python3\).*\), and uv could not install it:\nno network\nFix: .*\n {2}\.\/machine set \S+ pythonVersion/s,
  );
  expect(said).toEqual(["no Python 3.99 was found; asking uv to install 3.99"]);
});

test("of a uv that fails without a word, its end is told", async () => {
  program(
    "uv",
    'case "$2" in dir) echo /nowhere;; *) case "$*" in *--quiet*) exit 9;; *) exit 2;; esac esac',
  );
  await expect(findPython("3.99", () => {})).rejects.toThrow("uv could not install it:\nended with 2\n");
});

test("where uv would download one from is asked of uv", async () => {
  const list = JSON.stringify([
    { implementation: "pypy", url: "https://p.example/a" },
    { implementation: "cpython", url: null },
    { implementation: "cpython", url: "https://m.example/b" },
  ]);
  program("uv", `[ "$1 $2 $3" = "python list 3.99" ] && echo '${list}'`);
  expect(await pythonDownload(">=3.99")).toBe("https://m.example/b");
  program("uv", "echo what; exit 0");
  expect(await pythonDownload("3.99")).toBeUndefined();
  program("uv", "exit 1");
  expect(await pythonDownload("3.99")).toBeUndefined();
});
