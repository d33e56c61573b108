import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const module = join(import.meta.dirname, "../../../cli/on-terminal.ts");

/** Has a process run a program of the shell as a command does; gives it once the program says that it is ready. */
async function start(script: string) {
  const code = `import { runHere } from ${JSON.stringify(module)};
process.exitCode = await runHere("/bin/sh", ["-c", process.env.SCRIPT], { cwd: "/", env: { PATH: process.env.PATH } });`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], {
    env: { PATH: process.env.PATH, SCRIPT: script, SECRET: "secret" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code, printed }));
  await expect.poll(() => printed, { timeout: 20_000 }).toContain("ready");
  return { child, ended };
}

test("output and exit code are the program's own, and no variable is but what it is given", async () => {
  const { ended } = await start('echo ready; echo "[$SECRET]"; exit 7');
  expect(await ended).toEqual({ code: 7, printed: "ready\n[]\n" });
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s is passed on, and the program ends as it likes",
  async (signal) => {
    const { child, ended } = await start(
      `trap 'kill $!; exit 9' ${signal.slice(3)}; sleep 60 & echo ready; wait`,
    );
    child.kill(signal);
    expect((await ended).code).toBe(9);
  },
);

test("a program that a signal has ended gives the code that a shell gives", async () => {
  const { ended } = await start("echo ready; kill -KILL $$");
  expect((await ended).code).toBe(137);
});
