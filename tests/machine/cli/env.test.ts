import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellExports } from "../../../cli/env.ts";
import { shellWord } from "../../../lib/shell-word.ts";

test("shell exports give a shell the very values", () => {
  const hostile = 'it\'s $HOME `id` "quoted"';
  const script = `${shellExports({ A: hostile, B: undefined })}printf '%s|%s' "$A" "\${B-gone}"`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8", env: { B: "there" } })).toBe(
    `${hostile}|gone`,
  );
});

test.each(["", "a b", "it's", "$HOME", "~/x", "*", "-x", "a\nb", 'a"b', "#"])(
  "a word of a shell is read as it was: %j",
  (word) => {
    const script = `printf '%s' ${shellWord(word)}`;
    expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(word);
  },
);
