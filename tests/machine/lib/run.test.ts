import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { answerOf, output, run } from "../../../lib/run.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const env = { PATH: process.env.PATH ?? "" };
const module = JSON.stringify(new URL("../../../lib/run.ts", import.meta.url).href);

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("run-");
});

test("gives exit code and both streams, with what was put in", async () => {
  const script = 'cat; echo "$A" >&2; exit 3';
  const options = { input: "in", env: { ...env, A: "from the environment" } };
  expect(await run("sh", ["-c", script], options)).toEqual({
    code: 3,
    stdout: "in",
    bytes: Buffer.from("in"),
    stderr: "from the environment\n",
    timedOut: false,
    ending: "ended with 3",
    pid: expect.any(Number),
  });
});

test("a program has the variables that it is given, and no other", async () => {
  process.env.OF_THIS_PROCESS = "1";
  expect(await output("/usr/bin/env", [], { env: { A: "1" } })).toBe("A=1");
  delete process.env.OF_THIS_PROCESS;
});

test("ends a program at its time limit and says so", async () => {
  const options = { env, timeoutSeconds: 0.05 };
  expect(await run("sleep", ["10"], options)).toMatchObject({ code: null, timedOut: true });
  await expect(output("sleep", ["10"], options)).rejects.toThrow("sleep 10 did not end within 0.05 s");
  expect(await answerOf("sleep", ["10"], options)).toBeUndefined();
});

test("keeps the end of a long output", async () => {
  expect((await run("sh", ["-c", "printf 123456789"], { env, keep: 3 })).stdout).toBe("789");
  expect((await run("seq", ["100000"], { env, keep: 7 })).stdout).toBe("100000\n");
});

test("tells the lines of standard error as they come", async () => {
  const lines: string[] = [];
  const script = "printf 'one\\ntw' >&2; sleep 0.05; printf 'o\\nrest' >&2";
  await run("sh", ["-c", script], { env, onErrorLine: (line) => lines.push(line) });
  expect(lines).toEqual(["one", "two"]);
});

test.each([
  ["no-such-program", {}, "no-such-program is not on PATH"],
  ["/no/such/program", {}, "/no/such/program is not there, or does not run here"],
  ["true", { cwd: "/no/such/folder" }, "the folder /no/such/folder, in which true would run, does not exist"],
  ["/etc/passwd", {}, "/etc/passwd cannot be started: spawn /etc/passwd EACCES"],
])("%s that cannot be started is named", async (file, options, message) => {
  await expect(run(file, [], { env, ...options })).rejects.toThrow(message);
});

test("a program that is not there keeps nothing waiting for its time limit", () => {
  const script = `import(${module}).then(({ run }) => run("no-such-program", [], { env: {}, timeoutSeconds: 60 })).catch((error) => console.log(error.message))`;
  // Ends at once: execFileSync would otherwise wait for the minute, and be ended.
  expect(execFileSync("node", ["-e", script], { encoding: "utf8", timeout: 10_000 })).toMatch(
    /^no-such-program is not on PATH\n/,
  );
});

/** A process that runs a program, which writes its pid into `file` and sleeps, and then does something. */
const parent = (file: string, options: string, then: string) =>
  `import(${module}).then(({ run }) => {
    run("sh", ["-c", "echo $$ > ${file}; exec sleep 60"], { env: process.env, ${options} });
    const { existsSync, readFileSync } = require("node:fs");
    const timer = setInterval(() => {
      if (!existsSync("${file}") || readFileSync("${file}", "utf8") === "") return;
      clearInterval(timer);
      ${then};
    }, 20);
  })`;

const isRunning = (file: string) => existsSync(`/proc/${readFileSync(file, "utf8").trim()}/cwd`);

test.each(["", "ownSession: true"])("a program ends with this process (%s)", async (options) => {
  const file = join(folder, "pid");
  spawnSync("node", ["-e", parent(file, options, "process.exit(0)")], { timeout: 20_000 });
  await expect.poll(() => isRunning(file)).toBe(false);
});

test.each([
  ["", "SIGTERM"],
  ["ownSession: true", "SIGINT"],
] as const)("and with a signal that ends it (%s, %s)", async (options, signal) => {
  const file = join(folder, "pid");
  const process_ = spawn("node", ["-e", parent(file, options, "console.log('runs')")]);
  await new Promise((resolve) => process_.stdout.once("data", resolve));
  process_.kill(signal);
  expect(await new Promise((resolve) => process_.once("exit", (_, by) => resolve(by)))).toBe(signal);
  await expect.poll(() => isRunning(file)).toBe(false);
});

test("a signal that somebody else listens to is theirs", async () => {
  const file = join(folder, "pid");
  const then = `process.once("SIGTERM", () => {
    process.kill(Number(readFileSync("${file}", "utf8")), 0);
    console.log("still there");
    process.exit(0);
  }); console.log("runs")`;
  const process_ = spawn("node", ["-e", parent(file, "", then)]);
  let said = "";
  process_.stdout.on("data", (text) => {
    said += text;
    if (said === "runs\n") process_.kill("SIGTERM");
  });
  expect(await new Promise((resolve) => process_.once("exit", resolve))).toBe(0);
  expect(said).toBe("runs\nstill there\n");
});
