/** Whether the secrets of a stack's settings file can be read: Pulumi tells that only once an update has begun. */
import { createDecipheriv, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { blocker, type Finding, ok } from "../checks/finding.ts";
import { count } from "../checks/units.ts";
import { Problem } from "../lib/problem.ts";
import { machine, type Remedy } from "../lib/remedy.ts";
import type { StackPlace } from "./caller.ts";
import {
  encryptedState,
  nameFile,
  ofVariable,
  otherDecrypter,
  readPassphrase,
  unreadPassphrase,
} from "./passphrase.ts";
import { ownKey, type Secret } from "./settings-yaml.ts";
import { readStackFile, settingsFile } from "./stack-file.ts";

const check = "secrets";

/**
 * Whether every secret of a stack's settings file can be decrypted, and its state, as Pulumi does with a passphrase. The
 * key takes half a second of a processor, off this thread.
 *
 * @param decrypts false looks at the form of the settings' alone, which takes no time. Default: true.
 * @param take is given each that could be decrypted, by the name of its setting. Default: none is kept.
 */
export async function secretsFinding(
  place: StackPlace,
  decrypts = true,
  take: (setting: string, value: string) => void = () => {},
): Promise<Finding> {
  const yaml = readStackFile(place);
  const { secrets, encryptionsalt } = yaml;
  const decrypter = otherDecrypter(yaml, place);
  const state = decrypts && decrypter === undefined ? encryptedState(place) : undefined;
  if (secrets.length === 0 && state === undefined) return ok(check, "the settings have none");
  if (decrypter !== undefined)
    return ok(check, `they are decrypted by ${decrypter}, which is not asked here`);

  const { stack } = place;
  const file = settingsFile(place.projectDir, stack);
  const setAgain = (damaged: readonly Secret[]) =>
    damaged.map(
      ({ key }): Remedy => ({
        ...machine("pulumi", "config", "set", "--secret", ownKey(key) ?? key, "--stack", stack),
        when: "set it again",
      }),
    );
  const restoreSalt = { advice: "put the line encryptionsalt back from a copy of the file" };
  const dropSalt = {
    command: ["sed", "-i", "/^encryptionsalt:/d", file],
    when: "before secrets are set again",
  };

  if (secrets.length > 0 && encryptionsalt === undefined)
    return blocker(check, `${file} has secrets and no encryptionsalt`, [restoreSalt, ...setAgain(secrets)]);
  const salt = secrets.length > 0 ? encryptionsalt : undefined;
  if (salt !== undefined && saltParts(salt) === undefined)
    return blocker(check, `the encryptionsalt of ${file} is damaged`, [
      restoreSalt,
      dropSalt,
      ...setAgain(secrets),
    ]);
  const passphrase = readPassphrase(yaml, place);
  const { text, from, by } = passphrase;
  if (text === undefined) {
    const { found, remedies } = unreadPassphrase(passphrase, place);
    return blocker(check, found, remedies);
  }
  const key = decrypts && salt !== undefined ? await keyOf(text, salt) : undefined;
  const readsState =
    state === undefined || (await (state.salt === salt ? key : keyOf(text, state.salt))) !== undefined;
  const unset = {
    command: ["unset", "PULUMI_CONFIG_PASSPHRASE"],
    when: "if it is another project's",
  };
  // The variable comes before any file of the user's.
  const another: readonly [Remedy, ...Remedy[]] =
    by === "variable"
      ? [unset]
      : [
          nameFile(stack, by, "to name the file that has the right passphrase"),
          ...(by === "stack" ? [] : [ofVariable]),
        ];
  const setSecretsAgain = [dropSalt, ...setAgain(secrets)];
  if (decrypts && salt !== undefined && key === undefined)
    return blocker(
      check,
      `the passphrase (${from}) is not the one that ${file} was encrypted with, or its encryptionsalt is damaged`,
      [
        ...another,
        ...(readsState ? [restoreSalt] : []),
        // What is set again with another project's passphrase would be bound to that.
        ...(by === "variable"
          ? []
          : readsState
            ? setSecretsAgain
            : asideOf(state.file, stack, setSecretsAgain)),
      ],
    );
  if (state !== undefined && !readsState)
    return blocker(
      check,
      `the state ${state.file} was encrypted with another passphrase than the one that is used now (${from})`,
      [...another, ...(by === "variable" ? [] : asideOf(state.file, stack))],
    );
  const damaged = secrets.filter((secret) => {
    if (!key) return !ciphertextForm.test(secret.ciphertext);
    const value = decrypted(key, secret.ciphertext);
    if (value !== undefined) take(ownKey(secret.key) ?? secret.key, value);
    return value === undefined;
  });
  const [first, ...others] = setAgain(damaged);
  if (first === undefined)
    return ok(
      check,
      secrets.length === 0 ? "the settings have none" : `${count(secrets.length, "value")} can be read`,
    );
  const which = damaged.map(({ key, line }) => `${ownKey(key) ?? key} (line ${line})`).join(", ");
  return blocker(check, `${file} has a damaged secret: ${which}`, [first, ...others]);
}

/**
 * What helps where nothing decrypts a state any more, in this order. The history that stays says whose the stack is, so an
 * update finds again what is there.
 *
 * @param setSecretsAgain where the settings need it as well. Default: none.
 */
function asideOf(file: string, stack: string, setSecretsAgain: readonly Remedy[] = []): readonly Remedy[] {
  const [dropSalt, ...setAgain] = setSecretsAgain;
  return [
    { command: ["mv", file, `${file}.old`], when: "if that is lost for good, to set the state aside" },
    ...(dropSalt ? [dropSalt] : []),
    { ...machine("pulumi", "stack", "init", stack), when: "after that, for an empty state" },
    ...setAgain,
    { ...machine("up", stack), when: "at last, to find again what is there, also before a destroy" },
  ];
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

/** What `encryptionsalt` has, v1:SALT:SAMPLE; undefined where it is damaged. */
function saltParts(encryptionsalt: string) {
  const [, salt = "", sample = ""] = /^v1:([A-Za-z0-9+/=]+):(v1:.*)$/s.exec(encryptionsalt) ?? [];
  return ciphertextForm.test(sample) ? { salt, sample } : undefined;
}

/** The key that a passphrase gives with an `encryptionsalt`; undefined where that was made with another one. */
async function keyOf(passphrase: string, encryptionsalt: string): Promise<Buffer | undefined> {
  const { salt, sample } = saltParts(encryptionsalt) ?? { salt: "", sample: "" };
  if (sample === "") return undefined;
  const key = await derive(passphrase, Buffer.from(salt, "base64"), 1_000_000, 32, "sha256");
  return decrypted(key, sample) === "pulumi" ? key : undefined;
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
