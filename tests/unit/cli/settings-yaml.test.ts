import { describe, expect, test } from "vitest";
import { parseProjectYaml, parseStackYaml, yamlText } from "../../../cli/settings-yaml.ts";
import { Problem } from "../../../lib/problem.ts";
import { encrypted } from "../../../program/configuration.ts";

const read = (text: string) => parseStackYaml(text, "/p/Pulumi.lab-1.yaml");
function problemOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return (error as Problem).message;
  }
  throw new Error("it was read");
}

test("a setting is the project's with its prefix and without, and always text", () => {
  const file = `config:
  subset: flash
  cooperbench-machine:smoke: 5
  cooperbench-machine:config:coop: True
  pythonVersion: "3.10"
  tasks: [dspy_task, go_chi_task/26]
  dockerHost:
  other:subset: full
`;
  expect(read(file).values).toEqual({
    subset: "flash",
    smoke: "5",
    coop: "true",
    pythonVersion: "3.10",
    tasks: '["dspy_task","go_chi_task/26"]',
    dockerHost: "",
  });
});

test("secrets are found with their lines, whoever's they are", () => {
  const file = `secretsprovider: awskms://alias/x
encryptedkey: abc
encryptionsalt: v1:a:v1:b:c
config:
  cohereApiKey: { secure: v1:n:c }
  other:token:
    secure: v1:d:e
  tasks: [{ secure: v1:f:g }, a]
`;
  expect(read(file)).toMatchObject({
    values: { cohereApiKey: encrypted, tasks: encrypted },
    secrets: [
      { key: "cohereApiKey", ciphertext: "v1:n:c", line: 5 },
      { key: "other:token", ciphertext: "v1:d:e", line: 7 },
      { key: "tasks", ciphertext: "v1:f:g", line: 8 },
    ],
    encryptionsalt: "v1:a:v1:b:c",
    secretsprovider: "awskms://alias/x",
  });
});

test.each(["", "\n# nothing\n", "config:\n", "config: {}\n", "\uFEFFconfig:\n"])(
  "a file without settings has none: %j",
  (text) => expect(read(text).values).toEqual({}),
);

describe("what Pulumi refuses, or reads as another text than is written, is told with its line and a remedy", () => {
  test.each<[string, string, string, number]>([
    ["no YAML", "config:\n  a: [1\n", "it is not YAML", 3],
    ["a tab", "config:\n\ta: 1\n", "it is not YAML", 2],
    ["a list", "[1, 2]\n", "the file must have keys", 1],
    ["a text", "hello\n", "the file must have keys", 1],
    ["a number for all settings", "encryptionsalt: x\nconfig: 5\n", "config must have keys", 2],
    ["a key twice", "config:\n  subset: lite\n  subset: full\n", "there twice", 3],
    [
      "a key twice, once with its prefix",
      "config:\n  subset: lite\n  cooperbench-machine:subset: full\n",
      "subset is there twice, in line 2 as well",
      3,
    ],
    [
      "a key twice, once with its prefix, and empty",
      'config:\n  "":\n  "cooperbench-machine:":\n',
      '"" is there twice, in line 2 as well',
      3,
    ],
    ["a key that is a number", "config:\n  subset: lite\n  1: a\n", "the key 1 is not text", 3],
    ["a key that is true", "config:\n  true: a\n", "the key true is not text", 2],
    ["a key that is nothing", "config:\n  null: a\n", "the key null is not text", 2],
    [
      "lists in lists",
      `config:\n  x:\n    ${"[".repeat(60)}${"]".repeat(60)}\n`,
      "x is nested too deeply",
      3,
    ],
    [
      "many more of them",
      `# [[\nconfig:\n  x: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`,
      "it is nested too deeply",
      3,
    ],
    ["the same as blocks", `config:\n  x:\n    ${"- ".repeat(20_000)}a\n`, "it is nested too deeply", 3],
    ["a control character", "config:\n  subset: a\u0001\n", "it has a control character", 2],
    ["a salt that is a list", "encryptionsalt: [a]\n", "encryptionsalt must be text", 1],
    ["a key of too many parts", "config:\n  a:b:c: 1\n", "a:b:c is no key", 2],
    ["a version that is a number", "config:\n  pythonVersion: 3.10\n", 'in quotes: "3.10"', 2],
    ["a number in a list", "config:\n  cooperbenchExtras:\n    - dev\n    - 1e3\n", 'in quotes: "1e3"', 4],
    ["a date", "config:\n  x: 2026-01-02\n", "is a number or a time", 2],
    ["an alias of itself", "config:\n  x: &a [*a]\n", "x is in itself", 2],
    ["a tag", "config:\n  x: !!binary aGVsbG8=\n", "are not read", 2],
    ["keys that are merged", "config:\n  x: { <<: { a: 1 } }\n", "are not read", 2],
  ])("%s", (_, text, what, line) => {
    const told = problemOf(text);
    expect(told).toContain(what);
    expect(told).toMatch(
      new RegExp(`^/p/Pulumi\\.lab-1\\.yaml, line ${line}: .*\nFix: correct line ${line} of `),
    );
  });
});

test("the defaults of a project are text, too", () => {
  const file = "name: x\nconfig:\n  a: { type: string, default: '3.12' }\n  b: { default: [dev] }\n  c: {}\n";
  expect(parseProjectYaml(file, "/p/Pulumi.yaml").defaults).toEqual({ a: "3.12", b: '["dev"]' });
});

test("one byte that is not UTF-8 is told with its line, in a comment as well", () => {
  const bytes = Buffer.concat([
    Buffer.from("# ü\nconfig:\n  subset: lite # caf"),
    Buffer.from([0xe9]),
    Buffer.from("\n  smoke: 5\n"),
  ]);
  expect(() => yamlText(bytes, "/p/Pulumi.lab-1.yaml")).toThrow(
    /^\/p\/Pulumi\.lab-1\.yaml, line 3: it has a byte that is not UTF-8\nFix: correct line 3 of /,
  );
  expect(yamlText(Buffer.from("\uFEFF# ü\n"), "f")).toBe("\uFEFF# ü\n");
});
