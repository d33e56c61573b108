import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
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
  expect((await find(own, { PULUMI_CONFIG_PASSPHRASE: "x" })).found).toMatch(
    /^the passphrase \(PULUMI_CONFIG_PASSPHRASE\) is not the one/,
  );
  expect((await find(own)).found).toMatch(/cannot be read: ENOENT.*cooperbench-machine\/passphrase/);
  await expect(assertSecrets(place(own))).rejects.toThrow(/Nothing was changed\.\nFix: /);
});

test("where the stack's own file is gone, that it can go without is named, and no variable that would not count", async () => {
  const { remedy } = await find(whole.replace("rehearsal/passphrase", "gone"), file());
  expect(remedy?.split("\n")).toContain("  ./machine set dev passphraseFile --default");
  expect(remedy).not.toContain("export");
});
