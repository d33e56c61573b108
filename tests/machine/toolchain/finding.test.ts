import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { canReachOfficial } from "../../../toolchain/official.ts";
import { cliOnPath } from "../../../toolchain/pulumi.ts";
import { findPython } from "../../../toolchain/python.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let dir: string;
beforeEach(() => {
  dir = temporaryFolder("finding-");
});

function program(folder: string, name: string, script: string): string {
  mkdirSync(join(dir, folder), { recursive: true });
  const file = join(dir, folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe("a pulumi on PATH", () => {
  test("that is too old or has no language host is passed over, with the reason", async () => {
    const old = program("old", "pulumi", "echo v3.100.0");
    const bare = program("bare", "pulumi", "echo v3.260.0");
    expect(await cliOnPath({ path: [join(dir, "old"), join(dir, "bare")] })).toEqual({
      refused: [
        `${old} is version 3.100.0, and 3.230.0 is wanted`,
        `${bare} has no pulumi-language-nodejs beside it or on PATH`,
      ],
    });
  });

  test("that is new enough is used, with the language host beside it", async () => {
    const file = program("good", "pulumi", "echo v3.260.0");
    const host = program("good", "pulumi-language-nodejs", "");
    const { cli } = await cliOnPath({ path: [join(dir, "good")] });
    expect(cli).toMatchObject({ file, files: [host], closedNetwork: false });
  });
});

describe("Python", () => {
  test("is one that runs, not a version manager's stand-in that fails", async () => {
    program("shims", "python3", "echo 'pyenv: python3: command not found' >&2; exit 127");
    program("real", "python3", 'echo "/opt/python/bin/python3.12 3 12"');
    expect(await findPython({ path: [join(dir, "shims"), join(dir, "real")] })).toEqual({
      file: "/opt/python/bin/python3.12",
      version: "3.12",
    });
  });

  test("without one that runs, the error says what to install", async () => {
    await expect(findPython({ path: [dir] })).rejects.toThrow(
      /no working Python 3 is on PATH [\s\S]* apt-get install python3/,
    );
  });
});

describe("the official place", () => {
  test("is reached, refuses, or hangs, and each is said in time", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/good/install.sh") response.end();
      else if (request.url === "/bad/install.sh") response.writeHead(403).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await canReachOfficial(`${place}/good`)).toMatchObject({ reached: true });
      expect(await canReachOfficial(`${place}/bad`)).toMatchObject({
        reached: false,
        said: expect.stringContaining("HTTP 403"),
      });
      const start = Date.now();
      expect(await canReachOfficial(`${place}/hang`, 100)).toMatchObject({ reached: false });
      expect(Date.now() - start).toBeLessThan(2_000);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
