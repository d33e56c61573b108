/** Whether the secrets of a stack's settings file can be read: Pulumi tells that only once an update has begun. */
import { createDecipheriv, pbkdf2 } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { blocker, type Finding, ok } from "../checks/finding.ts";
import { count } from "../checks/units.ts";
import { Problem } from "../lib/problem.ts";
import { machine, type Remedy } from "../lib/remedy.ts";
import { backendUrl, passphraseEnv } from "./backend.ts";
import type { StackPlace } from "./caller.ts";
import { ownKey, type Secret, type StackYaml } from "./settings-yaml.ts";
import { readStackFile, settingsFile } from "./stack-file.ts";

const check = "secrets";

/**
 * Whether every secret of a stack's settings file can be decrypted, as Pulumi does with a passphrase. The key takes half
 * a second of a processor, off this thread.
 *
 * @param decrypts false looks at their form alone, which takes no time. Default: true.
 * @param take is given each that could be decrypted, by the name of its setting. Default: none is kept.
 */
export async function secretsFinding(
  place: StackPlace,
  decrypts = true,
  take: (setting: string, value: string) => void = () => {},
): Promise<Finding> {
  const yaml = readStackFile(place);
  const { secrets, encryptionsalt } = yaml;
  if (secrets.length === 0) return ok(check, "the settings have none");
  const decrypter = otherDecrypter(yaml, place);
  if (decrypter !== undefined)
    return ok(check, `they are decrypted by ${decrypter}, which is not asked here`);

  const file = settingsFile(place.projectDir, place.stack);
  const setAgain = (damaged: readonly Secret[]) =>
    damaged.map(
      ({ key }): Remedy => ({
        ...machine("pulumi", "config", "set", "--secret", ownKey(key) ?? key, "--stack", place.stack),
        when: "set it again",
      }),
    );
  const restoreSalt = { advice: "put the line encryptionsalt back from a copy of the file" };
  const dropSalt = {
    command: ["sed", "-i", "/^encryptionsalt:/d", file],
    when: "before secrets are set again",
  };
  const nameFile = (when: string) => ({ command: ["export", "PULUMI_CONFIG_PASSPHRASE_FILE=FILE"], when });

  if (encryptionsalt === undefined)
    return blocker(check, `${file} has secrets and no encryptionsalt`, [restoreSalt, ...setAgain(secrets)]);
  const [, salt = "", sample = ""] = /^v1:([A-Za-z0-9+/=]+):(v1:.*)$/s.exec(encryptionsalt) ?? [];
  if (!ciphertextForm.test(sample))
    return blocker(check, `the encryptionsalt of ${file} is damaged`, [
      restoreSalt,
      dropSalt,
      ...setAgain(secrets),
    ]);
  const { passphrase, from, isOfStack } = readPassphrase(yaml, place);
  if (passphrase === undefined)
    return blocker(check, `the passphrase of the secrets cannot be read: ${from}`, [
      { advice: "restore that file" },
      // A stack's own file comes before the variable.
      isOfStack
        ? {
            ...machine("set", place.stack, "passphraseFile", "--default"),
            when: "if the user's own passphrase is the right one",
          }
        : nameFile("to name the one that has the passphrase"),
    ]);
  const key = decrypts && (await derive(passphrase, Buffer.from(salt, "base64"), 1_000_000, 32, "sha256"));
  if (key && decrypted(key, sample) !== "pulumi")
    return blocker(
      check,
      `the passphrase (${from}) is not the one that ${file} was encrypted with, or its encryptionsalt is damaged`,
      [
        nameFile("to name the file that has the right passphrase"),
        restoreSalt,
        dropSalt,
        ...setAgain(secrets),
      ],
    );
  const damaged = secrets.filter((secret) => {
    if (!key) return !ciphertextForm.test(secret.ciphertext);
    const value = decrypted(key, secret.ciphertext);
    if (value !== undefined) take(ownKey(secret.key) ?? secret.key, value);
    return value === undefined;
  });
  const [first, ...others] = setAgain(damaged);
  if (first === undefined) return ok(check, `${count(secrets.length, "value")} can be read`);
  const which = damaged.map(({ key, line }) => `${ownKey(key) ?? key} (line ${line})`).join(", ");
  return blocker(check, `${file} has a damaged secret: ${which}`, [first, ...others]);
}

/** The key of the model under test; undefined where it cannot be decrypted here. */
export async function modelKey(place: StackPlace): Promise<string | undefined> {
  let found: string | undefined;
  await secretsFinding(place, true, (setting, value) => {
    if (setting === "cohereApiKey") found = value;
  });
  return found;
}

/** Throws a Problem where the secrets of a stack cannot be read. */
export async function assertSecrets(place: StackPlace): Promise<void> {
  const { level, found, remedies } = await secretsFinding(place);
  if (level !== "ok") throw new Problem(`${found}. Nothing was changed.`, remedies);
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
  const isOfStack = ofStack !== "";
  if (passphrase !== undefined) return { passphrase, from: "PULUMI_CONFIG_PASSPHRASE", isOfStack };
  try {
    return { passphrase: readFileSync(resolve(projectDir, file), "utf8").trim(), from: file, isOfStack };
  } catch (error) {
    return { passphrase: undefined, from: (error as Error).message, isOfStack };
  }
}
