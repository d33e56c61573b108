import { readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";

/** Changes settings of a stack, in its file. */
export function changeSettings(file: string, settings: Readonly<Record<string, unknown>>): void {
  const document = parseDocument(readFileSync(file, "utf8"));
  for (const [name, value] of Object.entries(settings))
    document.setIn(["config", `cooperbench-machine:${name}`], value);
  writeFileSync(file, document.toString());
}
