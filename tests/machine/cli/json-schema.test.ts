import { join, resolve } from "node:path";
import { createGenerator } from "ts-json-schema-generator";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

test("docs/json.schema.json is what the types of the outputs say (-u writes it)", async () => {
  const path = join(root, "cli/json.ts");
  const config = { path, type: "JsonOutputs", tsconfig: join(root, "tsconfig.json"), skipTypeCheck: true };
  const schema = createGenerator(config).createSchema("JsonOutputs");
  const description = "What ./machine COMMAND --json prints: the property of the command says it.";
  const text = `${JSON.stringify({ ...schema, title: "cooperbench-machine", description }, undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot(join(root, "docs/json.schema.json"));
});
