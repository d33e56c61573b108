import { existsSync } from "node:fs";
import { readText } from "../lib/files.ts";

/**
 * A text without the keys of a `.env`: an API may say the key in its refusal, and so in a run's files. Hidden is whatever
 * could be one, however the file writes it: what is hidden in vain harms nobody.
 */
export function withoutKey(text: string, dotenv: string): string {
  if (!existsSync(dotenv)) return text;
  const values = readText(dotenv).matchAll(/COHERE_API_KEY['"]?[^\S\r\n]*=[^\S\r\n]*(.*)/g);
  const keys = [...values].flatMap(([, value = ""]) => {
    const bare = value.trim();
    const quoted = /^(['"])(.*?)\1/.exec(bare)?.[2] ?? bare;
    return [bare, quoted, quoted.replace(/\\(.)/g, "$1"), bare.replace(/\s+#.*$/, "")];
  });
  return keys.filter((key) => key.length > 3).reduce((hidden, key) => hidden.replaceAll(key, "[key]"), text);
}
