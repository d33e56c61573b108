import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellExports } from "../../../cli/env.ts";

test("shell exports give a shell the very values", () => {
  const hostile = 'it\'s $HOME `id` "quoted"';
  const script = `${shellExports({ A: hostile, B: undefined })}printf '%s|%s' "$A" "\${B-gone}"`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8", env: { B: "there" } })).toBe(
    `${hostile}|gone`,
  );
});
