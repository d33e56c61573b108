import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { backendEnv } from "../../../cli/backend.ts";
import { assertPassphrase, isPassphraseMade } from "../../../cli/passphrase.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let projectDir: string;
let env: Record<string, string>;
let passphrase: string;
beforeEach(() => {
  projectDir = temporaryFolder("passphrase-");
  copyFileSync(join(import.meta.dirname, "../../../Pulumi.yaml"), join(projectDir, "Pulumi.yaml"));
  env = { XDG_DATA_HOME: join(projectDir, "data"), PULUMI_CREDENTIALS_PATH: projectDir };
  passphrase = join(projectDir, "data/cooperbench-machine/passphrase");
});

const settings = (stack: string, text: string) =>
  writeFileSync(join(projectDir, `Pulumi.${stack}.yaml`), text);
function state(stack: string) {
  const stacks = join(projectDir, "data/cooperbench-machine/state/.pulumi/stacks/cooperbench-machine");
  mkdirSync(stacks, { recursive: true });
  const latest = { secrets_providers: { type: "passphrase", state: { salt: "v1:a:v1:b:c" } } };
  writeFileSync(join(stacks, `${stack}.json`), JSON.stringify({ version: 3, checkpoint: { latest } }));
}
/** As a command on a stack does. */
function open(stack: string) {
  const place = { stack, projectDir, env };
  const variables = backendEnv("", env, () => isPassphraseMade(place));
  assertPassphrase({ ...place, env: { ...env, ...variables } as Record<string, string> });
}
const lost =
  /the passphrase of the secrets cannot be read: there is no .*Nothing was changed\.\nFix: restore that file/;

test("no passphrase is made in the place of one that has encrypted a stack's settings, or its state", () => {
  settings("lab", "config: {}\nencryptionsalt: v1:a:v1:b:c\n");
  expect(() => open("lab")).toThrow(lost);
  settings("lab", "config: {}\n");
  state("lab");
  expect(() => open("lab")).toThrow(lost);
  expect(() => open("lab")).toThrow(`install -D -m 600 /proc/sys/kernel/random/uuid ${passphrase}`);
  expect(existsSync(passphrase)).toBe(false);
  writeFileSync(passphrase, "restored");
  open("lab");
});

test("nor for a new stack, where a state beside its own needs the lost one", () => {
  state("lab");
  expect(() => open("new")).toThrow(lost);
  expect(existsSync(passphrase)).toBe(false);
});

test("a new user gets one, be there a stack with a passphrase of its own, or other's settings", () => {
  settings("dev", "config:\n  passphraseFile: p\nencryptionsalt: v1:a:v1:b:c\n");
  state("dev");
  settings("committed", "config: {}\nencryptionsalt: v1:a:v1:b:c\n");
  open("new");
  expect(existsSync(passphrase)).toBe(true);
});
