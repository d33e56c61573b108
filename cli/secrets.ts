/** Whether the secrets of a stack's settings file can be read: Pulumi tells that only once an update has begun. */
import { createDecipheriv, pbkdf2 } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { blocker, type Finding, ok } from "../checks/finding.ts";
import { count } from "../checks/units.ts";
import { Problem } from "../lib/problem.ts";
import { shellWord } from "../lib/shell-word.ts";
import { backendUrl, passphraseEnv } from "./backend.ts";
import type { StackPlace } from "./caller.ts";
import { ownKey, type Secret, type StackYaml } from "./settings-yaml.ts";
import { readStackFile, settingsFile } from "./stack-file.ts";

const check = "secrets";

/**
 * Decrypts every secret of a stack's settings file, as Pulumi does with a passphrase, and keeps none. The key takes half
 * a second of a processor, off this thread.
 *
 * @param decrypts false looks at their form alone, which takes no time. Default: true.
 */
export async function secretsFinding(place: StackPlace, decrypts = true): Promise<Finding> {
  const yaml = readStackFile(place);
  const { secrets, encryptionsalt } = yaml;
  if (secrets.length === 0) return ok(check, "the settings have none");
  const decrypter = otherDecrypter(yaml, place);
  if (decrypter !== undefined)
    return ok(check, `they are decrypted by ${decrypter}, which is not asked here`);

  const file = settingsFile(place.projectDir, place.stack);
  const setAgain = (damaged: readonly Secret[]) =>
    damaged.map(
      ({ key }) => `  ./machine pulumi config set --secret ${shortKey(key)} --stack ${place.stack}`,
    );
  const withoutSalt = `Fix: put the line encryptionsalt back from a copy of the file, or set the secrets again:`;
  const dropSalt = `  sed -i '/^encryptionsalt:/d' ${shellWord(file)}`;
  const found = (what: string, ...remedy: readonly string[]) => blocker(check, what, remedy.join("\n"));

  if (encryptionsalt === undefined)
    return found(`${file} has secrets and no encryptionsalt`, withoutSalt, ...setAgain(secrets));
  const [, salt = "", sample = ""] = /^v1:([A-Za-z0-9+/=]+):(v1:.*)$/s.exec(encryptionsalt) ?? [];
  if (!ciphertextForm.test(sample))
    return found(`the encryptionsalt of ${file} is damaged`, withoutSalt, dropSalt, ...setAgain(secrets));
  const { passphrase, from } = readPassphrase(yaml, place);
  if (passphrase === undefined)
    return found(
      `the passphrase of the secrets cannot be read: ${from}`,
      "Fix: bring that file back, or name the one that has the passphrase:",
      "  export PULUMI_CONFIG_PASSPHRASE_FILE=FILE",
    );
  const key = decrypts && (await derive(passphrase, Buffer.from(salt, "base64"), 1_000_000, 32, "sha256"));
  if (key && decrypted(key, sample) !== "pulumi")
    return found(
      `the passphrase (${from}) is not the one that ${file} was encrypted with, or its encryptionsalt is damaged`,
      "Fix: name the file that has the right passphrase:",
      "  export PULUMI_CONFIG_PASSPHRASE_FILE=FILE",
      withoutSalt,
      dropSalt,
      ...setAgain(secrets),
    );
  const damaged = secrets.filter(({ ciphertext }) =>
    key ? decrypted(key, ciphertext) === undefined : !ciphertextForm.test(ciphertext),
  );
  if (damaged.length === 0) return ok(check, `${count(secrets.length, "value")} can be read`);
  const which = damaged.map(({ key, line }) => `${shortKey(key)} (line ${line})`).join(", ");
  return found(`${file} has a damaged secret: ${which}`, "Fix: set it again:", ...setAgain(damaged));
}

/** Throws a Problem where the secrets of a stack cannot be read. */
export async function assertSecrets(place: StackPlace): Promise<void> {
  const { level, found, remedy = "" } = await secretsFinding(place);
  if (level === "blocker") throw new Problem(`${found}. Nothing was changed.\n${remedy}`);
}

const derive = promisify(pbkdf2);

/** Who else than a passphrase decrypts, such as a key service or the backend itself; undefined for nobody. */
function otherDecrypter({ secretsprovider, encryptionsalt }: StackYaml, { env }: StackPlace) {
  if (secretsprovider !== undefined && !["passphrase", "default"].includes(secretsprovider))
    return secretsprovider;
  const backend = backendUrl(env);
  return encryptionsalt === undefined && /^https?:/.test(backend) ? backend : undefined;
}

/** v1:NONCE:CIPHERTEXT, of 12 bytes and of 16 and more, in base64. */
const ciphertextForm = /^v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]{22,}={0,2}$/;

/** The text of a ciphertext; undefined where it is damaged, or of another key. */
function decrypted(key: Buffer, ciphertext: string): string | undefined {
  if (!ciphertextForm.test(ciphertext)) return undefined;
  const [, nonce = "", text = ""] = ciphertext.split(":");
  const sealed = Buffer.from(text, "base64");
  try {
    const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    cipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString();
  } catch {
    return undefined;
  }
}

/** The passphrase as Pulumi finds it, and where; without it, why there is none. */
function readPassphrase({ values }: StackYaml, { env, projectDir }: StackPlace) {
  const ofStack = String(values.passphraseFile ?? "");
  const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: file = "" } = {
    ...env,
    ...passphraseEnv(ofStack === "" ? "" : resolve(projectDir, ofStack), env),
  };
  if (passphrase !== undefined) return { passphrase, from: "PULUMI_CONFIG_PASSPHRASE" };
  try {
    return { passphrase: readFileSync(resolve(projectDir, file), "utf8").trim(), from: file };
  } catch (error) {
    return { passphrase: undefined, from: (error as Error).message };
  }
}

function shortKey(key: string): string {
  return shellWord(ownKey(key) ?? key);
}
