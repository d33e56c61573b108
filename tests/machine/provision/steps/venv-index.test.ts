/** An environment of a checkout whose uv.lock names addresses that are out of reach, behind an index of the user's. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { inspectVenv } from "../../../../provision/steps/venv/fault.ts";
import { ensureVenv } from "../../../../provision/steps/venv.ts";
import { lab1 } from "../../../owners.ts";
import { makeTinyCooperbench, pathOfPython, putUvOnPath } from "./tiny-cooperbench.ts";

vi.setConfig({ testTimeout: 120_000 });
await putUvOnPath();

const WHEEL = "needed-1.0-py3-none-any.whl";
let base: string;
let folder: string;
let python: { readonly path: string; readonly version: string };
let index: Server;
let simple: string;
let wheel: Buffer;
let asked: string[];

beforeAll(async () => {
  python = await pathOfPython(">=3.10");
  base = realpathSync(mkdtempSync(join(tmpdir(), "index-")));
  folder = join(base, "CooperBench");
  makeTinyCooperbench(folder, python.path);
  const built = [
    "build",
    "--quiet",
    "--wheel",
    "--python",
    python.path,
    "--out-dir",
    base,
    "packages/needed",
  ];
  execFileSync("uv", built, { cwd: folder });
  wheel = readFileSync(join(base, WHEEL));
  const hash = createHash("sha256").update(wheel).digest("hex");
  const lock = readFileSync(join(folder, "uv.lock"), "utf8");
  const elsewhere = `source = { registry = "https://pypi.invalid/simple" }\nwheels = [{ url = "https://files.invalid/${WHEEL}", hash = "sha256:${hash}" }]`;
  writeFileSync(
    join(folder, "uv.lock"),
    lock.replace('source = { directory = "packages/needed" }', () => elsewhere),
  );
  index = createServer(({ url = "" }, response) => {
    asked.push(url);
    if (url === "/simple/needed/") {
      response.setHeader("Content-Type", "text/html");
      return response.end(`<a href="../../${WHEEL}">${WHEEL}</a>`);
    }
    response.statusCode = url === `/${WHEEL}` ? 200 : 404;
    response.end(url === `/${WHEEL}` ? wheel : "");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => index.once("listening", resolve));
  simple = `http://127.0.0.1:${(index.address() as AddressInfo).port}/simple`;
}, 120_000);
afterAll(() => {
  index.close();
  rmSync(base, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, ".venv"), { recursive: true, force: true });
});

function built(): Buffer {
  const args = ["build", "--quiet", "--wheel", "--python", python.path, "--out-dir", base, "packages/needed"];
  execFileSync("uv", args, { cwd: folder });
  return readFileSync(join(base, WHEEL));
}

const version = () => python.version.split(".").slice(0, 2).join(".");
let caches = 0;

/** Makes the environment with a new cache, and what a shell's variables are. */
function ensure(variables: Readonly<Record<string, string>>) {
  asked = [];
  vi.stubEnv("UV_CACHE_DIR", join(base, `cache-${caches++}`));
  vi.stubEnv("UV_HTTP_RETRIES", "0");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return ensureVenv({ folder, owner: lab1, pythonVersion: version(), extras: ["dev"] }, () => {});
}

test("without one, what uv.lock names is asked", async () => {
  await expect(ensure({})).rejects.toThrow(/files\.invalid/);
});

test.each(["UV_DEFAULT_INDEX", "PIP_INDEX_URL"])("%s is asked in its place, file by file", async (name) => {
  await ensure({ [name]: simple });
  expect(asked).toContain(`/${WHEEL}`);
  expect(inspectVenv(folder, version(), lab1)).toBeUndefined();
  expect(execFileSync(join(folder, ".venv/bin/cooperbench"), { encoding: "utf8" })).toBe("needed\n");
  asked = [];
  await ensure({ [name]: simple });
  expect(asked).toEqual([]);
  // What lost a file is made again from there, too.
  const site = join(folder, ".venv/lib", `python${version()}`, "site-packages");
  rmSync(join(site, "needed/more.py"));
  rmSync(join(site, "needed/__init__.py"));
  await ensure({ [name]: simple });
  expect(execFileSync(join(folder, ".venv/bin/cooperbench"), { encoding: "utf8" })).toBe("needed\n");
});

test("another file under its name is refused by its hash", async () => {
  const right = wheel;
  const backend = join(folder, "packages/needed/backend.py");
  writeFileSync(backend, readFileSync(backend, "utf8").replace("more = 1", "more = 2"));
  wheel = built();
  await expect(ensure({ UV_DEFAULT_INDEX: simple })).rejects.toThrow(/[Hh]ash mismatch/);
  wheel = right;
});
