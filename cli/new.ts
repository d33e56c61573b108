import { chmodSync, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Problem } from "../provision/problem.ts";
import { quietPulumi } from "./pulumi.ts";
import { openToolchain, projectDir } from "./session.ts";
import { ensureStack } from "./stack.ts";
import { settingsFile } from "./stack-file.ts";

/**
 * `./machine new STACK`: makes a stack and its settings file with the model's key in it, encrypted. The key comes
 * from a file, the environment or the terminal, and goes to Pulumi by standard input.
 */
export async function newStack(stack: string, keyFile: string | undefined): Promise<number> {
  const file = settingsFile(projectDir, stack);
  if (existsSync(file))
    throw new Problem(
      `stack ${stack} is there already (${file}); to change it: ./machine pulumi config --stack ${stack}`,
    );
  const key = await readKey(keyFile);
  if (!/^[!-~]+$/.test(key))
    throw new Problem(
      "got a key that is empty or has spaces or control characters, want one of printable characters",
    );

  const { pulumi } = await openToolchain();
  await ensureStack(pulumi, stack);
  const set = await quietPulumi(pulumi, ["config", "set", "--secret", "cohereApiKey", "--stack", stack], {
    input: key,
  });
  if (set.code !== 0) throw new Problem(`the key could not be stored:\n${set.stderr.trim()}`);
  chmodSync(file, 0o600);
  process.stdout.write(
    `made stack ${stack} and ${file}, with the key in it encrypted\n` +
      `every setting has a default: ./machine pulumi config --stack ${stack} shows them\n` +
      `next: ./machine preview ${stack}, then ./machine up ${stack}\n`,
  );
  return 0;
}

async function readKey(keyFile: string | undefined): Promise<string> {
  if (keyFile !== undefined) return readFileSync(keyFile, "utf8").trim();
  if (process.env.COHERE_API_KEY) return process.env.COHERE_API_KEY;
  if (!process.stdin.isTTY) {
    throw new Problem(
      "got no key, want one from --key-file FILE, from COHERE_API_KEY, or typed at a terminal",
    );
  }
  process.stderr.write("COHERE_API_KEY (not shown): ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    const key = await new Promise<string>((resolve) =>
      lines.once("line", resolve).once("close", () => resolve("")),
    );
    process.stderr.write("\n");
    return key.trim();
  } finally {
    lines.close();
  }
}
