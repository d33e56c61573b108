import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { keyFault } from "../../../cli/model-key.ts";
import { newStack } from "../../../cli/new.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("new-");
});
const file = () => join(folder, "Pulumi.lab-1.yaml");
const make = (key: string | Buffer, env: Record<string, string> = {}) => {
  writeFileSync(join(folder, "key"), key);
  return newStack({ stack: "lab-1", keyFile: join(folder, "key") }, callerOf(folder, "lab-1", env));
};

const wants = "does not have a key of printable ASCII characters";
test.each([
  ["", "is empty"],
  [" \n", "is empty"],
  ["a\nb\n", "has 2 lines, not a key alone"],
  ["a\u0007", "is not text"],
  [Buffer.from([0x7f, 0x45, 0xff, 0xfe]), "is not text"],
  ["COHERE_API_KEY=secret\n", "has a line COHERE_API_KEY=…, not a key"],
  ["COHERE_API_KEY=\n", "has a line COHERE_API_KEY=…, not a key"],
  ["# mine\nexport CO_KEY='secret'\n", "has a line CO_KEY=…, not a key"],
  ["secret=secret", "has a line NAME=…, not a key"],
  ["a b", wants],
  [["a$", "{b}"].join(""), wants],
  ["schlüssel", wants],
])("a key file that has no good key is refused before anything is made: %j", async (key, why) => {
  const error = (await make(key).catch((error: Error) => error)) as Error;
  expect(error.message).toContain(`${join(folder, "key")} ${why}`);
  expect(error.message).toMatch(/Nothing was made\.\nFix: put the key alone into a file, and name that:\n/);
  expect(error.message).not.toContain("secret");
  expect(existsSync(file())).toBe(false);
});

test("a variable with a line of a .env is refused as such", async () => {
  const caller = callerOf(folder, "lab-1", { COHERE_API_KEY: "COHERE_API_KEY=secret" });
  await expect(newStack({ stack: "lab-1" }, caller)).rejects.toThrow(
    "the variable COHERE_API_KEY has a line COHERE_API_KEY=…, not a key",
  );
});

test("a key may end as base64 does", () => {
  expect([keyFault("abc"), keyFault("YWJj="), keyFault("YWI=="), keyFault("ab-c_9")]).toEqual(
    Array(4).fill(undefined),
  );
});

test("a stack that has its key is not made again", async () => {
  writeFileSync(file(), "config:\n  cohereApiKey: { secure: v1:a:b }\n");
  await expect(make("key")).rejects.toThrow(/already exists .*\nFix: to see its settings:/);
});

test("what was begun as a rehearsal is not ended as a real machine", async () => {
  const dir = join(folder, "r");
  writeFileSync(
    file(),
    `config:\n  dockerHost: unix://${dir}/docker.sock\n  imagesLock: ${dir}/images.lock.json\n`,
  );
  await expect(make("key")).rejects.toThrow(/begun and not finished.*\nFix: .* --rehearsal$/);
});

test("a rehearsal without a folder is where COOPERBENCH_REHEARSAL_DIR says", async () => {
  const mine = join(folder, "mine");
  mkdirSync(mine);
  writeFileSync(join(mine, "notes.txt"), "");
  const caller = callerOf(folder, "lab-1", { COOPERBENCH_REHEARSAL_DIR: mine });
  await expect(newStack({ stack: "lab-1", rehearsal: true }, caller)).rejects.toThrow(
    `${mine} holds files that no rehearsal made`,
  );
});
