import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { withoutKey } from "../../../cli/without-key.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder("key-");
  file = join(folder, ".env");
});

test.each([
  "COHERE_API_KEY='the-key'\n",
  'export COHERE_API_KEY = "the-key" # mine\r\n',
  "A=1\n'COHERE_API_KEY'=the-key # mine",
  "\u00a0COHERE_API_KEY=the-key\rB=2",
  "COHERE_API_KEY=old-one\nCOHERE_API_KEY=the-key\n",
])("the key of %j is hidden wherever it stands", (text) => {
  writeFileSync(file, text);
  expect(withoutKey("refused: the-key, by the-key", file)).toBe("refused: [key], by [key]");
});

test("nothing else is, nor where there is no key and no file", () => {
  expect(withoutKey("as it is", file)).toBe("as it is");
  writeFileSync(file, "COHERE_API_KEY=\nOTHER=as\n");
  expect(withoutKey("as it is", file)).toBe("as it is");
});
