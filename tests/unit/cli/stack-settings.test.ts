import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { readSettings } from "../../../cli/stack-settings.ts";
import { remedyText } from "../../../lib/remedy.ts";
import type { SettingsError } from "../../../program/settings.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
let folder: string;
beforeEach(() => {
  folder = temporaryFolder("stack-settings-");
  copyFileSync(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
});

const key = "  cohereApiKey: { secure: v1:n:c }\n";
function faultsOf(text: string, backend = "file:///state"): readonly string[] {
  writeFileSync(join(folder, "Pulumi.lab.yaml"), text);
  try {
    readSettings({ projectDir: folder, stack: "lab", env: { PULUMI_BACKEND_URL: backend } });
    return [];
  } catch (error) {
    return (error as SettingsError).faults.map(({ found, remedies }) => `${found}\n${remedyText(remedies)}`);
  }
}

test("a setting by both its names is refused, the new one at its default too", () => {
  expect(faultsOf("config:\n  smoke: 5\n  oracleTasks: 0\n  cohereApiKey: { secure: v1:a:b }\n")).toEqual([
    expect.stringMatching(
      /^smoke and oracleTasks: both .*\nFix: \.\/machine pulumi config rm smoke --stack lab$/,
    ),
  ]);
});

test.each([
  "{ secure: null }",
  "{ secure: [a] }",
  "{ secure: v1:a:b, other: 1 }",
  "{ Secure: v1:a:b }",
  "canary",
])("a key of the model that Pulumi takes for no secret is refused, and not shown: %s", (value) => {
  expect(faultsOf(`config:\n  cohereApiKey: ${value}\n`)).toEqual([
    expect.stringMatching(
      /^cohereApiKey: got a value that is not (encrypted|shown); want .*\nFix: \.\/machine set lab cohereApiKey$/,
    ),
  ]);
});

test.each([
  ["tasks", `'["go_chi_task"]'`, 'tasks: got the text "[\\"go_chi_task\\"]"; want a list'],
  ["oracleTasks", '"5e0"', 'oracleTasks: got the text "5e0"; want a whole number'],
  ["imagesLock", "[a]", "imagesLock: got a list; want the path"],
  ["imagesLock", "{ a: b }", "imagesLock: got keys with values; want the path"],
])("a value of another type than Pulumi.yaml declares is refused: %s: %s", (name, value, found) => {
  expect(faultsOf(`config:\n${key}  ${name}: ${value}\n`)).toEqual([expect.stringContaining(found)]);
});

test("environments are refused with their line where the backend has none", () => {
  const text = `config:\n${key}environment: [prod]\n`;
  expect(faultsOf(text)).toEqual([
    expect.stringMatching(
      /Pulumi\.lab\.yaml, line 3: environment: got \["prod"\]; environments need Pulumi Cloud, .* file:\/\/\/state\nFix: take line 3 out of /,
    ),
  ]);
  expect(faultsOf(text, "https://api.pulumi.com")).toEqual([]);
  expect(faultsOf(`config:\n${key}environment: []\n`)).toEqual([]);
});

test.each(["[docker]", "[aws, command]", `'["*"]'`, "docker"])(
  "providers that the program needs are not to be disabled: %s",
  (list) => {
    expect(faultsOf(`config:\n${key}  pulumi:disable-default-providers: ${list}\n`)).toEqual([
      expect.stringMatching(/line 3: pulumi:disable-default-providers: got .*\nFix: take line 3 out of /),
    ]);
    expect(faultsOf(`config:\n${key}  pulumi:disable-default-providers: [aws]\n`)).toEqual([]);
  },
);
