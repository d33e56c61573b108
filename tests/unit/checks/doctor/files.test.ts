import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { smokeSubsetFile } from "../../../../benchmark/smoke-subset.ts";
import { filesFinding } from "../../../../checks/doctor/files.ts";
import { known } from "../../../../lib/known.ts";
import { refusedDotenv } from "../../../../provision/steps/dotenv.ts";
import { refusedSubset } from "../../../../provision/steps/subset.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("files-");
});
const refused = () =>
  [refusedDotenv(join(folder, ".env")), refusedSubset(folder, { stack: "lab-1", id: "1" })].flatMap(
    (one) => one ?? [],
  );

test("files of the user's that can stay beside what an update writes are in no way", () => {
  expect(refused()).toEqual([]);
  writeFileSync(join(folder, ".env"), "A=1\n");
  expect(refused()).toEqual([]);
  expect(filesFinding(known([]), folder).level).toBe("ok");
});

test("a linked .env and a subset of the same name are told with what moves them away", () => {
  const subset = join(folder, smokeSubsetFile);
  mkdirSync(dirname(subset), { recursive: true });
  writeFileSync(subset, "{}");
  symlinkSync("/nowhere", join(folder, ".env"));
  expect(filesFinding(known(refused()), folder)).toMatchObject({
    level: "blocker",
    remedies: [
      { command: ["mv", join(folder, ".env"), join(folder, ".env.old")] },
      { command: ["mv", subset, `${subset}.old`] },
    ],
  });
});

test("what cannot be read is not known", () => {
  expect(filesFinding({ unknown: "EACCES" }, folder)).toMatchObject({ level: "warning" });
});
