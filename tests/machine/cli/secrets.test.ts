import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { assertSecrets, secretsFinding } from "../../../cli/secrets.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
// What Pulumi has encrypted, with a passphrase that everybody knows.
const whole = readFileSync(join(root, "Pulumi.dev.yaml"), "utf8");
const own = whole.replace(/.*passphraseFile.*\n/, "");
let folder: string;
beforeEach(() => {
  folder = temporaryFolder("secrets-");
  copyFileSync(join(root, "rehearsal/passphrase"), join(folder, "passphrase"));
});

function place(text: string, env: Record<string, string> = {}) {
  writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  const PULUMI_BACKEND_URL = `file://${folder}/state`;
  return { stack: "dev", projectDir: folder, env: { PULUMI_BACKEND_URL, XDG_DATA_HOME: folder, ...env } };
}
const find = (text: string, env?: Record<string, string>) => secretsFinding(place(text, env));
const file = () => ({ PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "passphrase") });
const setAgain = "  ./machine pulumi config set --secret cohereApiKey --stack dev";

test("secrets that Pulumi has encrypted can be read, with the stack's own passphrase before the user's", async () => {
  const ofStack = whole.replace("rehearsal/passphrase", "passphrase");
  const fine = { level: "ok", found: "1 value can be read" };
  expect(await find(ofStack, { PULUMI_CONFIG_PASSPHRASE: "another" })).toMatchObject(fine);
  expect(await find(own, file())).toMatchObject(fine);
});

test("there is nothing to read where there is no secret, or another than a passphrase decrypts", async () => {
  expect(await find("config: {}\n")).toMatchObject({ level: "ok", found: "the settings have none" });
  const kms = own.replace(/^encryptionsalt.*/m, "secretsprovider: awskms://alias/x");
  expect(await find(kms)).toMatchObject({
    level: "ok",
    found: "they are decrypted by awskms://alias/x, which is not asked here",
  });
  const service = { PULUMI_BACKEND_URL: "https://api.pulumi.com" };
  expect(await find(own.replace(/^encryptionsalt.*/m, ""), service)).toMatchObject({ level: "ok" });
});

test.each<[string, (text: string) => string, string, string]>([
  ["a salt that is lost", (text) => text.replace(/^encryptionsalt.*/m, ""), "no encryptionsalt", setAgain],
  ["one that is cut off", (text) => text.replace(/^(encryptionsalt.{9}).*/m, "$1"), "is damaged", setAgain],
  [
    "one that is changed",
    (text) => text.replace("salt: v1:k", "salt: v1:X"),
    "or its encryptionsalt is damaged",
    "  export PULUMI_CONFIG_PASSPHRASE_FILE=FILE",
  ],
  [
    "a secret that is changed",
    (text) => text.replace("v1:Oqq", "v1:Xqq"),
    "cohereApiKey (line 13)",
    setAgain,
  ],
  ["one that is cut off", (text) => text.replace(/secure: .{20}.*/, "secure: v1:x"), "(line 13)", setAgain],
])("%s is told with a remedy", async (_, damage, found, remedy) => {
  const told = await find(damage(own), file());
  expect(told).toMatchObject({ level: "blocker", found: expect.stringContaining(found) });
  expect(told.remedy).toMatch(/^Fix: /);
  expect(told.remedy?.split("\n")).toContain(remedy);
});

test("so is a passphrase that is another, or whose file is gone", async () => {
  const ofShell = await find(own, { PULUMI_CONFIG_PASSPHRASE: "" });
  expect(ofShell.found).toMatch(/^the passphrase \(PULUMI_CONFIG_PASSPHRASE\) is not the one/);
  // No file counts beside the variable, and secrets that are set again would be bound to it.
  expect(ofShell.remedy).toMatch(/^Fix: .*\n {2}unset PULUMI_CONFIG_PASSPHRASE\n/);
  expect(ofShell.remedy).not.toMatch(/PASSPHRASE_FILE|sed|config set/);
  expect((await find(own)).found).toMatch(/cannot be read: there is no .*cooperbench-machine\/passphrase/);
  await expect(assertSecrets(place(own))).rejects.toThrow(/Nothing was changed\.\nFix: /);
});

test("where the stack's own file is gone, that it can go without is named, and no variable that would not count", async () => {
  const { remedy } = await find(whole.replace("rehearsal/passphrase", "gone"), file());
  expect(remedy?.split("\n")).toContain("  ./machine set dev passphraseFile --default");
  expect(remedy).not.toContain("export");
});

/** A state that was encrypted with what has given this line of the settings. */
function state(salt: string) {
  const stacks = join(folder, "state/.pulumi/stacks/cooperbench-machine");
  mkdirSync(stacks, { recursive: true });
  const latest = { secrets_providers: { type: "passphrase", state: { salt } } };
  writeFileSync(join(stacks, "dev.json"), JSON.stringify({ version: 3, checkpoint: { latest } }));
  return join(stacks, "dev.json");
}
const salt = /^encryptionsalt: (.*)/m.exec(whole)?.[1] ?? "";
const otherSalt = salt.replace("v1:k", "v1:X");

test("a state that another passphrase has encrypted is told, with what sets it aside", async () => {
  state(salt);
  expect(await find(own, file())).toMatchObject({ level: "ok", found: "1 value can be read" });
  const kept = state(otherSalt);
  const told = await find(own, file());
  expect(told.found).toMatch(`the state ${kept} was encrypted with another passphrase`);
  expect(told.remedy?.split("\n").filter((line) => line.startsWith("  "))).toEqual([
    "  export PULUMI_CONFIG_PASSPHRASE_FILE=FILE",
    `  mv ${kept} ${kept}.old`,
    "  ./machine pulumi stack init dev",
    "  ./machine up dev",
  ]);
  expect(await find("config: {}\n", file())).toMatchObject({ level: "blocker", found: told.found });
  const ofShell = await find(own, { PULUMI_CONFIG_PASSPHRASE: "rehearsal" });
  expect(ofShell.remedy).toMatch(/^Fix: .*\n {2}unset PULUMI_CONFIG_PASSPHRASE$/);
  // The look of the status takes no time.
  expect(await secretsFinding(place(own, file()), false)).toMatchObject({ level: "ok" });
});

test("secrets are set again where the state can be read, and else once it is set aside", async () => {
  const changed = own.replace(salt, otherSalt);
  const sed = `  sed -i /^encryptionsalt:/d ${join(folder, "Pulumi.dev.yaml")}`;
  const commands = async () =>
    (await find(changed, file())).remedy
      ?.replaceAll("'", "")
      .split("\n")
      .filter((line) => line.startsWith("  "));
  state(salt);
  expect((await commands())?.slice(1)).toEqual([sed, setAgain]);
  const kept = state(otherSalt);
  expect((await commands())?.slice(1)).toEqual([
    `  mv ${kept} ${kept}.old`,
    sed,
    "  ./machine pulumi stack init dev",
    setAgain,
    "  ./machine up dev",
  ]);
});

test("where a passphrase does not fit, the variable that may have had it is named, and never in vain", async () => {
  writeFileSync(join(folder, "another"), "another");
  expect((await find(own, { PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "another") })).remedy).toContain(
    "if PULUMI_CONFIG_PASSPHRASE was set where the stack was made",
  );
  const { remedy } = await find(whole.replace("rehearsal/passphrase", "another"));
  expect(remedy).toContain("  ./machine set dev passphraseFile FILE\n");
  expect(remedy).not.toContain("PULUMI_CONFIG_PASSPHRASE");
});
