import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { output, run } from "../../../lib/run.ts";

test("gives exit code and both streams, with what was put in", async () => {
  const script = 'cat; echo "$A" >&2; exit 3';
  const options = { input: "in", env: { A: "from the environment" } };
  expect(await run("sh", ["-c", script], options)).toEqual({
    code: 3,
    stdout: "in",
    stderr: "from the environment\n",
    timedOut: false,
    pid: expect.any(Number),
  });
});

test("ends a program at its time limit and says so", async () => {
  expect(await run("sleep", ["10"], { timeoutSeconds: 0.05 })).toMatchObject({ code: null, timedOut: true });
  await expect(output("sleep", ["10"], { timeoutSeconds: 0.05 })).rejects.toThrow(
    "did not end within 0.05 s",
  );
});

test("keeps the end of a long output", async () => {
  expect((await run("sh", ["-c", "printf 123456789"], { keep: 3 })).stdout).toBe("789");
});

test("a program that is not there is named, and its time limit keeps nothing waiting", () => {
  const module = JSON.stringify(new URL("../../../lib/run.ts", import.meta.url).href);
  const script = `import(${module}).then(({ run }) => run("no-such-program", [], { timeoutSeconds: 60 })).catch((error) => console.log(error.message))`;
  // Ends at once: execFileSync would otherwise wait for the minute, and be ended.
  expect(execFileSync("node", ["-e", script], { encoding: "utf8", timeout: 10_000 })).toBe(
    "no-such-program is not on PATH\n",
  );
});
