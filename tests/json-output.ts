import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect } from "vitest";
import type { JsonOutputs } from "../cli/json.ts";

const file = new URL("../docs/json.schema.json", import.meta.url);
const ajv = new Ajv({ allErrors: true });
ajv.addSchema(JSON.parse(readFileSync(file, "utf8")), "outputs");

/** What a command has printed with `--json`, held against the schema that documents it. */
export function jsonOutput<Name extends keyof JsonOutputs>(command: Name, stdout: string): JsonOutputs[Name] {
  const output: unknown = JSON.parse(stdout);
  const at = encodeURIComponent(command);
  const validate = ajv.getSchema(`outputs#/definitions/JsonOutputs/properties/${at}`);
  expect(validate, `${command} is not in docs/json.schema.json`).toBeDefined();
  expect(validate?.(output), JSON.stringify(validate?.errors, undefined, 2)).toBe(true);
  return output as JsonOutputs[Name];
}
