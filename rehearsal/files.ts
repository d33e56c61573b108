import { renameSync, writeFileSync } from "node:fs";

/** Writes a file so that a reader, or a killed writer's successor, sees the old text or the new. */
export function writeAtomically(file: string, text: string): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, text);
  renameSync(fresh, file);
}
