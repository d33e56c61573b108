import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { newStack } from "../../../cli/new.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("new-");
});
const file = () => join(folder, "Pulumi.lab-1.yaml");
const make = (key: string, env: Record<string, string> = {}) => {
  writeFileSync(join(folder, "key"), key);
  return newStack({ stack: "lab-1", keyFile: join(folder, "key") }, callerOf(folder, "lab-1", env));
};

test.each(["", "a b", ["a$", "{b}"].join(""), "a\u0007", "schlüssel"])(
  "a key that later commands refuse is refused before anything is made: %j",
  async (key) => {
    await expect(make(key)).rejects.toThrow(/key is refused; want .*Nothing was made\.\nFix: /);
    expect(existsSync(file())).toBe(false);
  },
);

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
