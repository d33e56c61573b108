import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseStackYaml } from "../../cli/settings-yaml.ts";
import { environmentFor } from "../../lib/environment.ts";
import { type RunResult, run } from "../../lib/run.ts";
import { encrypted } from "../../program/configuration.ts";
import { readyToolchain } from "../../toolchain/toolchain.ts";

const projectDir = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "settings-"));
const file = join(folder, "Pulumi.odd.yaml");
let pulumi: (...args: string[]) => Promise<RunResult>;
beforeAll(async () => {
  const toolchain = await readyToolchain({ projectDir, report: () => {} });
  const env = environmentFor("pulumi", process.env, {
    ...toolchain.env,
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "",
  });
  pulumi = (...args) =>
    run(toolchain.pulumi, ["--non-interactive", ...args, "--stack", "odd"], { cwd: folder, env });
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: cooperbench-machine\nruntime: nodejs\n");
  expect((await pulumi("stack", "init")).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly value?: string;
  readonly objectValue?: unknown;
  readonly secret: boolean;
}

/** The project's own settings as Pulumi reads them, structures as such; undefined where it reads none. */
async function toldByPulumi(): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { code, stdout } = await pulumi("config", "--json");
  if (code !== 0) return undefined;
  const all = Object.entries(JSON.parse(stdout) as Readonly<Record<string, Told>>);
  return Object.fromEntries(
    all
      .filter(([key]) => key.startsWith("cooperbench-machine:"))
      .map(([key, { value, objectValue, secret }]) => [
        key.slice("cooperbench-machine:".length),
        secret ? encrypted : (objectValue ?? value),
      ]),
  );
}

const read = (told: Readonly<Record<string, unknown>>, text: string) =>
  Object.fromEntries(
    Object.entries(parseStackYaml(text, file).values).map(([key, value]) => [
      key,
      typeof told[key] === "object" ? JSON.parse(String(value)) : value,
    ]),
  );

const same = `config:
  subset: flash
  cooperbench-machine:oracleTasks: 5
  cooperbench-machine:config:git: FALSE
  zero: 0
  negative: -5
  half: 2.5
  coop: True
  yes: yes
  on: on
  nothing:
  tilde: ~
  empty: ""
  quoted: "3.10"
  single: 'it''s'
  folded: >-
    two
    lines
  block: |
    two
    lines
  time: 1:30
  address: 127.0.0.1
  bound: ">=3.10"
  digits: 6379
  big: 123456789012345
  commit: 44b4a7a79e7229a1baf0360aeb74648b79b7540a
  text: !!str 3.10
  list: [a, 1, true, null, yes, "3.10", { b: [c] }]
  none: []
  map: { b: 1, a: { x: y }, 1: one }
  anchor: &a [dev]
  alias: *a
  html: "<a&b>"
  other:key: 3.10
  cohereApiKey: { secure: "v1:n:c" }
  tasks: [{ secure: "v1:n:c" }, a]
  odd: { secure: 5 }
  more: { secure: a, other: b }
`;

test("what is read is what Pulumi reads, in values, structures and secrets", async () => {
  writeFileSync(file, same);
  const told = await toldByPulumi();
  expect(told).toBeDefined();
  expect(read(told ?? {}, same)).toEqual(told);
});

test.each([
  "",
  "config:\n",
  "config: {}\n",
  "encryptionsalt: x\n",
  "\uFEFFconfig:\n  a: b\n",
  "config:\n  a: b\n---\nconfig:\n  a: c\n",
  '{"config": {"a": "b"}}',
])("so it is of a whole file: %j", async (text) => {
  writeFileSync(file, text);
  expect(read({}, text)).toEqual(await toldByPulumi());
});

test.each([
  ["[1, 2]", false],
  ["text", false],
  ["config: 5", false],
  ["config: [a]", false],
  ["config:\n  a: [", false],
  ["config:\n\ta: b", false],
  ["config:\n  a: b\n  a: c", false],
  ["config:\n  a: { b: 1, b: 2 }", false],
  ["config:\n  a: b\n  cooperbench-machine:a: c", true],
  ["config:\n  a:b:c: d", false],
  ["config:\n  a: 3.10", true],
  ["config:\n  a: 007", true],
  ["config:\n  a: 0x1F", true],
  ["config:\n  a: 1_000", true],
  ["config:\n  a: 1e3", true],
  ["config:\n  a: .inf", false],
  ["config:\n  a: 123456789012345678901234567890", true],
  ["config:\n  a: 2026-01-02", true],
  ["config:\n  a: [3.10]", true],
  ["config:\n  a: !!binary aGVsbG8=", true],
])("what is not read as it is written is refused, whether Pulumi does so (%j)", async (text, isRead) => {
  writeFileSync(file, `${text}\n`);
  expect((await toldByPulumi()) !== undefined).toBe(isRead);
  expect(() => parseStackYaml(`${text}\n`, file)).toThrow(/line \d+: .*\nFix: /);
});
