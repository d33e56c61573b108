import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the last complete start made, in DIR/contents.json. */
export interface Contents {
  /** Of everything that the contents are made from. */
  readonly fingerprint: string;
  readonly payloadBytes: number;
}

/** The record of the last complete start, or undefined. */
export function readContents(dir: string): Contents | undefined {
  const file = contentsFile(dir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Contents) : undefined;
}

/** Where the record is. */
export function contentsFile(dir: string): string {
  return join(dir, "contents.json");
}

/** Of this program's own files and the manifest's tasks: a changed program looks its contents through again. */
export function fingerprint(): string {
  const hash = createHash("sha256");
  for (const [folder, wanted] of [
    ["../rehearsal/", /\.(ts|sh)$/],
    ["../benchmark/", /^tasks\.json$/],
    ["../benchmark/subsets/", /\.json$/],
  ] as const) {
    const path = fileURLToPath(new URL(folder, import.meta.url));
    const files = readdirSync(path).filter((name) => wanted.test(name));
    for (const name of files.sort()) hash.update(`${folder}${name}\0`).update(readFileSync(join(path, name)));
  }
  return hash.digest("hex");
}
