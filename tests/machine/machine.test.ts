/** The script `machine`, in shells with odd variables: each works, or is told by name. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../lib/run.ts";

const root = resolve(import.meta.dirname, "../..");
const usual = { PATH: process.env.PATH ?? "", HOME: homedir() };

const machine = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  run(resolve(root, "machine"), args, { env });

/** What a program that the script starts has of these variables. */
async function given(env: Readonly<Record<string, string>>, ...names: readonly string[]) {
  const { stdout, stderr, code } = await machine(env, "exec", "node", "-p", "JSON.stringify(process.env)");
  expect(code, stderr).toBe(0);
  const all = JSON.parse(stdout) as Record<string, string>;
  return names.map((name) => all[name]);
}

test.each([{ PATH: usual.PATH }, { PATH: usual.PATH, HOME: "" }])(
  "without a home, the system's is taken",
  async (env) => {
    expect(await given(env, "HOME")).toEqual([homedir()]);
  },
);

test.each([
  [{ http_proxy: "p:3128" }, ["http://p:3128", "http://p:3128", undefined, undefined]],
  [{ HTTPS_PROXY: "http://p:3128" }, [undefined, undefined, "http://p:3128", "http://p:3128"]],
  [
    { http_proxy: "http://a:1", HTTP_PROXY: "http://b:1" },
    ["http://a:1", "http://a:1", undefined, undefined],
  ],
  [
    { HTTP_PROXY: "me:it's%20$HOME@p:1" },
    ["http://me:it's%20$HOME@p:1", "http://me:it's%20$HOME@p:1", undefined, undefined],
  ],
])("proxies %j are given in both spellings, with a scheme", async (env, wanted) => {
  const names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];
  expect(await given({ ...usual, ...env }, ...names)).toEqual(wanted);
  expect(await given({ ...usual, ...env }, "no_proxy")).toEqual(["localhost,127.0.0.1"]);
});

test.each([
  [{ NO_PROXY: "a.b, .c.d ,10.0.0.0/8" }, "a.b,.c.d,10.0.0.0/8,localhost,127.0.0.1"],
  [{ no_proxy: "127.0.0.1,*.x" }, "127.0.0.1,*.x,localhost"],
  [{ no_proxy: "*" }, "*"],
  [{}, undefined],
])("hosts without a proxy %j", async (env, wanted) => {
  expect(await given({ ...usual, ...env }, "no_proxy", "NO_PROXY")).toEqual([wanted, wanted]);
});

test("a proxy that Node.js does not start with is told by its name, without what it is", async () => {
  const { code, stderr } = await machine({ ...usual, https_proxy: "http://me:geheim@[" }, "exec", "true");
  expect(code).toBe(1);
  expect(stderr).toBe(
    "machine: Node.js does not start with what http_proxy or https_proxy is\nFix: export https_proxy=http://HOST:PORT\n",
  );
});

test.each([
  { http_proxy: "p:1", NODE_USE_ENV_PROXY: "1" },
  { FORCE_COLOR: "1" },
  { LC_ALL: "xx_XX.UTF-8", LANG: "C" },
  { PATH: `/root/closed:/dev/null:${usual.PATH}` },
  { XDG_CACHE_HOME: "/dev/null/x" },
  { IFS: "/" },
  { CDPATH: "/" },
])("%j: a command is started", async (env) => {
  const { code, stdout } = await machine({ ...usual, ...env }, "status", "any", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("./machine status");
});

describe("before anything is installed", () => {
  const bare = mkdtempSync(join(tmpdir(), "bare-"));
  afterAll(() => rmSync(bare, { recursive: true }));
  cpSync(join(root, "machine"), join(bare, "machine"));
  cpSync(join(root, "package.json"), join(bare, "package.json"));
  cpSync(join(root, "cli/help"), join(bare, "cli/help"), { recursive: true });
  const ask = (...args: string[]) => run(join(bare, "machine"), args, { env: usual });

  test.each([
    [[], "Bring up a machine:"],
    [["help"], "Bring up a machine:"],
    [["-h"], "Bring up a machine:"],
    [["--help"], "Bring up a machine:"],
    [["help", "doctor"], "Usage: ./machine doctor"],
    [["doctor", "--help"], "Usage: ./machine doctor"],
    [["up", "-h"], "Usage: ./machine up"],
    [["help", "pulumi"], "Usage: ./machine pulumi"],
    [["exec", "--help"], "Usage: ./machine exec"],
  ])("%j prints help", async (args, wanted) => {
    const { code, stdout, stderr } = await ask(...args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(wanted);
  });

  test("the version is printed", async () => {
    const { version } = JSON.parse(readFileSync(join(bare, "package.json"), "utf8"));
    for (const option of ["--version", "-V"]) expect((await ask(option)).stdout).toBe(`${version}\n`);
  });

  test.each([
    ["help", "../../package"],
    ["help", "nothing"],
    ["pulumi", "--help"],
    ["exec", "node", "--help"],
  ])("%s %s is no help of ours", async (...args) => expect((await ask(...args)).stdout).toBe(""));
});

test.each([
  [
    "--require /nowhere.js",
    /^machine: Node.js does not start with NODE_OPTIONS, which is --require \/nowhere.js\nFix: unset/,
  ],
  [
    "--inspect-brk",
    /^machine: NODE_OPTIONS is --inspect-brk, with which Node.js waits for a debugger\nFix: unset/,
  ],
])("NODE_OPTIONS=%s is told by its name", async (NODE_OPTIONS, wanted) => {
  const { code, stderr } = await machine({ ...usual, NODE_OPTIONS }, "status", "any");
  expect(code).toBe(1);
  expect(stderr).toMatch(wanted);
});

test("NODE_OPTIONS with which Node.js starts are given", async () => {
  const NODE_OPTIONS = "--max-old-space-size=300";
  expect(await given({ ...usual, NODE_OPTIONS }, "NODE_OPTIONS")).toEqual([NODE_OPTIONS]);
});

test.each(["/proc/x", "/proc/self", "/dev/null", "/sys/x"])(
  "the place for compiled code is the usual one where it is %s",
  async (NODE_COMPILE_CACHE) => {
    const wanted = resolve(homedir(), ".cache/cooperbench-machine/node-compile-cache");
    expect(await given({ ...usual, NODE_COMPILE_CACHE }, "NODE_COMPILE_CACHE")).toEqual([wanted]);
  },
);

test("a relative home is refused, a relative XDG_CACHE_HOME ignored, and a home that is not there not made", async () => {
  const { code, stderr } = await machine({ ...usual, HOME: "home" }, "exec", "true");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^machine: HOME is home, which is not absolute\nFix: export HOME=/);
  expect(await given({ ...usual, XDG_CACHE_HOME: "x" }, "NODE_COMPILE_CACHE")).toEqual([
    resolve(homedir(), ".cache/cooperbench-machine/node-compile-cache"),
  ]);
  const HOME = resolve(tmpdir(), `no-home-${process.pid}`);
  expect((await machine({ ...usual, HOME }, "exec", "true")).code).toBe(0);
  expect(existsSync(HOME)).toBe(false);
});
