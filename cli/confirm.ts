import { createInterface } from "node:readline";

/** Whether somebody is at a terminal who can be asked. */
export function isAtTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Asks a question at the terminal; anything but yes is no, and so is a command without a terminal. */
export async function ask(question: string): Promise<boolean> {
  if (!isAtTerminal()) return false;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.once("SIGINT", () => lines.close()).once("close", () => resolve(""));
      lines.question(`${question} [y/N] `, resolve);
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
