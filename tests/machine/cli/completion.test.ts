/** The script of bash's completion, in a bash. */
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../../lib/run.ts";

const root = resolve(import.meta.dirname, "../../..");

async function completed(line: string): Promise<readonly string[]> {
  const words = line.split(" ");
  const script = `
    cd /; source <("$0" completion bash)
    COMP_WORDS=("$0" "$@"); COMP_CWORD=$#
    _cooperbench_machine; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };
  const { stdout, stderr, code } = await run("bash", ["-c", script, resolve(root, "machine"), ...words], {
    env,
  });
  expect(code, stderr).toBe(0);
  return stdout.trimEnd().split("\n");
}

test.each([
  ["rehearsal st", ["start", "stop", "status"]],
  ["set dev subset ", ["lite", "flash", "full"]],
  ["up $(touch /tmp/never", [""]],
])("bash completes %j as %j, and runs nothing of it", async (line, words) =>
  expect(await completed(line)).toEqual(words),
);
