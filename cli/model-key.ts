import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { fields } from "../program/settings.ts";
import { type Pulumi, quietPulumi } from "./pulumi.ts";
import type { Output } from "./terminal.ts";

/**
 * Asks for the model's key at the terminal, which does not show it; empty where nothing is given, undefined where it is
 * interrupted.
 */
export async function askKey(
  { note }: Pick<Output, "note">,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<string | undefined> {
  note("COHERE_API_KEY (not shown): ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  try {
    const key = await new Promise<string | undefined>((resolve) =>
      lines
        .once("line", resolve)
        .once("SIGINT", () => resolve(undefined))
        .once("close", () => resolve("")),
    );
    note("\n");
    return key?.trim();
  } finally {
    lines.close();
  }
}

/** Why a key is refused, as what follows the name of where it is from, and never with the key; undefined where it is a good one. */
export function keyFault(key: string): string | undefined {
  const lines = key.split(/\r?\n/);
  const line = lines.map((one) => assignment.exec(one)).find((found) => found !== null);
  if (key === "") return "is empty";
  if (/[^\P{Cc}\t\r\n]|\ufffd/u.test(key)) return "is not text";
  if (line?.[1] !== undefined)
    return `has a line ${/^[A-Z_][A-Z0-9_]*$/.test(line[1]) ? line[1] : "NAME"}=…, not a key`;
  if (lines.length > 1) return `has ${lines.length} lines, not a key alone`;
  return fields.cohereApiKey.schema.safeParse(key).success
    ? undefined
    : `does not have ${fields.cohereApiKey.wants}`;
}

/** A line that gives a variable a value. The end of what is in base64 is none. */
const assignment = /^\s*(?:export\s+)?(COHERE_API_KEY(?==)|[A-Za-z_]\w*(?=\s?=\s?[^=\s]))/;

/** Has Pulumi encrypt a value into a stack's settings file, by its standard input. Gives why it did not; undefined where it did. */
export async function storeSecret(
  pulumi: Pulumi,
  stack: string,
  setting: string,
  value: string,
): Promise<string | undefined> {
  const args = ["config", "set", "--secret", setting, "--stack", stack];
  const { code, stderr } = await quietPulumi(pulumi, args, { input: value });
  return code === 0 ? undefined : stderr.trim();
}
