import { expect, test } from "vitest";
import { findGit } from "../../../../checks/doctor/git.ts";

test("git is found, and run where its version is wanted", async () => {
  expect((await findGit(true, process.env.PATH))?.version).toMatch(/^git version \d/);
  expect(Object.keys((await findGit(false, process.env.PATH)) ?? {})).toEqual(["file"]);
});
