import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { misfit, parseProjectYaml, parseStackYaml } from "../../cli/settings-yaml.ts";
import { environmentFor } from "../../lib/environment.ts";
import { run } from "../../lib/run.ts";
import { readyToolchain } from "../../toolchain/toolchain.ts";

const projectDir = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "types-"));
const file = join(folder, "Pulumi.odd.yaml");
const { config } = parse(readFileSync(join(projectDir, "Pulumi.yaml"), "utf8")) as {
  readonly config: unknown;
};
// A program of a language that nobody has: Pulumi tells so, once it has taken the settings.
const project = { name: "cooperbench-machine", runtime: "none", config };
const { types } = parseProjectYaml(stringify(project), "Pulumi.yaml");
let told: () => Promise<string>;
beforeAll(async () => {
  const toolchain = await readyToolchain({ projectDir, report: () => {} });
  const env = environmentFor("pulumi", process.env, {
    ...toolchain.env,
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "passphrase"),
  });
  const pulumi = (...args: readonly string[]) =>
    run(toolchain.pulumi, ["--non-interactive", ...args], { cwd: folder, env });
  told = async () => (await pulumi("preview", "--stack", "odd")).stderr;
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "Pulumi.yaml"), stringify(project));
  copyFileSync(join(projectDir, "rehearsal/passphrase"), join(folder, "passphrase"));
  expect((await pulumi("stack", "init", "odd")).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

// What Pulumi has encrypted, with that passphrase.
const dev = readFileSync(join(projectDir, "Pulumi.dev.yaml"), "utf8");
const secret = /secure: (.*)/.exec(dev)?.[1] ?? "";
const salt = /encryptionsalt: .*/.exec(dev)?.[0] ?? "";
const taken = /no language plugin/;

function write(settings: Readonly<Record<string, string>>, more = ""): string {
  const all = Object.entries({ cohereApiKey: `{ secure: "${secret}" }`, ...settings });
  const text = `${salt}\nconfig:\n${all.map(([key, value]) => `  ${key}: ${value}\n`).join("")}${more}`;
  writeFileSync(file, text);
  return text;
}

const misfits = (text: string) =>
  Object.entries(parseStackYaml(text, file).given).flatMap(([key, given]) =>
    types[key] !== undefined && misfit(types[key], given) !== undefined ? [key] : [],
  );

test.each([
  { subset: "5", oracleTasks: "5", coop: "true", tasks: "[a]" },
  { subset: "true", oracleTasks: '"+5"', coop: "True", tasks: "[]" },
  { subset: "", oracleTasks: '"05"', coop: '"true"', tasks: '["5"]' },
  { subset: '""', oracleTasks: "'9223372036854775807'", coop: "FALSE", tasks: `[{ secure: "${secret}" }]` },
  { subset: `{ secure: "${secret}" }`, oracleTasks: "-5", coop: '"false"', unknown: "[a]" },
])("values that Pulumi takes are taken: %j", async (settings) => {
  const text = write(settings);
  expect(await told()).toMatch(taken);
  expect(misfits(text)).toEqual([]);
});

test.each([
  ...["[a]", "{ a: b }", "{ secure: null }"].map((value) => ["subset", value]),
  ...["", '""', '" 5"', "'5 '", "2.5", "true", "[5]", "{ a: 1 }", "five", '"5e0"', '"1_000"'].map((value) => [
    "oracleTasks",
    value,
  ]),
  ["oracleTasks", '"9223372036854775808"'],
  ["oracleTasks", '"5\\n"'],
  ...["", '""', '"True"', "yes", "1", "[true]"].map((value) => ["coop", value]),
  ...["", '""', "a", "{ a: b }", `'["a"]'`, "[5]", "[true]", "[a, null]", "[[a]]", "[{ a: 1 }]", "[2.5]"].map(
    (value) => ["tasks", value],
  ),
  ["tasks", `{ secure: "${secret}" }`],
  ...["", '""', "plain", "5", "{ secure: null }", "{ secure: [a] }", "{ secure: 5 }"].map((value) => [
    "cohereApiKey",
    value,
  ]),
  ["cohereApiKey", `{ secure: "${secret}", other: 1 }`],
  ["cohereApiKey", `{ Secure: "${secret}" }`],
  ["cohereApiKey", `[{ secure: "${secret}" }]`],
  ["cohereApiKey", `{ a: { secure: "${secret}" } }`],
] as [string, string][])("what Pulumi refuses is refused: %s: %s", async (key, value) => {
  const text = write({ [key]: value });
  expect(await told()).toContain(`configuration key '${key}' must be`);
  expect(misfits(text)).toEqual([key]);
});

test.each<[string, boolean]>([
  ["environment: [prod]\n", true],
  ["environment: prod\n", true],
  ["environment: {}\n", true],
  ["environment: []\n", false],
  ["environment:\n", false],
])("environments are those that Pulumi asks for: %j", async (more, isAsked) => {
  const text = write({}, more);
  expect(await told()).toMatch(isAsked ? /does not support environments/ : taken);
  expect(parseStackYaml(text, file).environment !== undefined).toBe(isAsked);
});

test.each([
  "  1: a\n",
  "  true: a\n",
  "  null: a\n",
  "  subset: a\u0001\n",
  "# a\u007f\n",
  "secretsprovider: [a]\n",
])("a file that Pulumi cannot read is told: %j", async (more) => {
  const text = write({}, more);
  expect(await told()).not.toMatch(taken);
  expect(() => parseStackYaml(text, file)).toThrow(/, line 4: .*\nFix: /);
});
