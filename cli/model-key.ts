import { createInterface } from "node:readline";
import { Writable } from "node:stream";
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
