import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { type Pulumi, quietPulumi } from "./pulumi.ts";
import type { Output } from "./terminal.ts";

/** Asks for the model's key at the terminal, which does not show it; empty where nothing is given. */
export async function askKey({ note }: Pick<Output, "note">): Promise<string> {
  note("COHERE_API_KEY (not shown): ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    const key = await new Promise<string>((resolve) =>
      lines.once("line", resolve).once("close", () => resolve("")),
    );
    note("\n");
    return key.trim();
  } finally {
    lines.close();
  }
}

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
