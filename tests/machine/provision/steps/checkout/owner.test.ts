import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { modelEnvironment } from "../../../../../benchmark/model.ts";
import { ownersFinding } from "../../../../../checks/doctor/owners.ts";
import { known } from "../../../../../lib/known.ts";
import { othersIn, ownersIn } from "../../../../../provision/ownership/folder-owners.ts";
import type { Owner } from "../../../../../provision/ownership/owner.ts";
import { inspectDotenv, writeDotenv } from "../../../../../provision/steps/dotenv.ts";
import { variablesOfRun } from "../../../../../provision/steps/run-settings.ts";
import { ensureSubset } from "../../../../../provision/steps/subset.ts";
import { lab1, lab2 } from "../../../../owners.ts";
import { readsBack } from "../../../../reads-back.ts";
import { CheckoutLab, put, treeOf } from "./lab.ts";

let lab: CheckoutLab;
beforeEach(async () => {
  lab = new CheckoutLab();
  await lab.ensure();
  lab.said.length = 0;
});
afterEach(() => lab.close());
const renamed: Owner = { ...lab1, stack: "renamed" };
const old: Owner = { stack: "lab-1" };
const findingOf = (owner: Owner) => ownersFinding(known(othersIn(lab.folder, owner)), lab.folder, owner);

describe("a marker of the stack", () => {
  test("in a checkout that was moved is written again, with a line, and the checkout goes on destroy", async () => {
    const moved = join(lab.base, "moved");
    renameSync(lab.folder, moved);
    const from = lab.folder;
    expect((await lab.ensure(lab.first, { folder: moved })).made).toBe(true);
    expect(lab.said).toEqual([`${moved} was moved here from ${from}, and is still this stack's`]);
    await lab.remove(lab1, moved);
    expect(existsSync(moved)).toBe(false);
    expect(existsSync(join(lab.base, "repos")), "a parent that is elsewhere now").toBe(true);
  });

  test("in one that was moved, with a link in its place, keeps both", async () => {
    const moved = join(lab.base, "moved");
    renameSync(lab.folder, moved);
    symlinkSync(moved, lab.folder);
    await lab.remove();
    expect(lab.said).toEqual([
      `${lab.folder} is left: it is a link now, to ${moved}, where the checkout was moved`,
    ]);
    expect(existsSync(join(lab.folder, ".git"))).toBe(true);
  });

  test("in a copy says that the copy is the user's: it is used, named, and never moved or removed", async () => {
    const copy = lab.copy("copy");
    const found = await lab.ensure(lab.second, { folder: copy });
    expect(found).toMatchObject({ commit: lab.first, made: false });
    expect(found.note).toContain(`it is a copy of ${lab.folder}, the checkout of stack lab-1`);
    await lab.remove(lab1, copy);
    expect(existsSync(copy)).toBe(true);
    expect((await lab.ensure(lab.first, { folder: copy, owner: lab2 })).made, "for another stack").toBe(
      false,
    );
    await lab.remove();
    expect(existsSync(lab.folder)).toBe(false);
  });

  test("of before there were ids is taken over, with a line", async () => {
    writeFileSync(
      lab.markerFile,
      JSON.stringify({ stack: "lab-1", commit: lab.first, madeParent: join(lab.base, "repos") }),
    );
    expect((await lab.ensure()).made).toBe(true);
    expect(lab.said).toEqual([expect.stringContaining("older than ids")]);
    expect(lab.marker).toMatchObject({ ...lab1, path: lab.folder, commit: lab.first });
    await lab.remove();
    expect(existsSync(join(lab.base, "repos"))).toBe(false);
  });

  test("with an id is not a stack's that has none, nor an older one another name's", async () => {
    await expect(lab.ensure(lab.first, { owner: old })).rejects.toThrow(
      /things of stack lab-1 \(another of this name/,
    );
    lab.mark({ id: undefined });
    await expect(lab.ensure(lab.first, { owner: lab2 })).rejects.toThrow(/things of stack lab-1/);
    expect((await lab.ensure(lab.first, { owner: old })).made).toBe(true);
  });

  test("of its former name is written again, with a line, where the state has the checkout", async () => {
    expect((await lab.ensure(lab.first, { owner: renamed })).made).toBe(true);
    expect(lab.said).toEqual([`${lab.folder} was made by this stack when its name was lab-1`]);
    expect(lab.marker.stack).toBe("renamed");
  });

  test("of another name shows a copied file of settings, where the state has no checkout", async () => {
    await expect(lab.ensure(lab.first, { owner: renamed, isNew: true })).rejects.toThrow(
      /Pulumi\.renamed\.yaml was copied from stack lab-1's.*\nFix: .*\n +\.\/machine new NAME$/,
    );
    expect(lab.marker.stack).toBe("lab-1");
  });

  test.each(["", "{", '{"stack":5}', "null"])(
    "that cannot be read (%j) is named, and the checkout is the user's",
    async (text) => {
      writeFileSync(lab.markerFile, text);
      const found = await lab.ensure(lab.second);
      expect(found.made).toBe(false);
      expect(found.note).toContain(`its marker ${lab.markerFile} cannot be read`);
      await lab.remove();
      expect(existsSync(lab.folder)).toBe(true);
      // The way back that it tells.
      const command = /again: (printf .*?) To move it/.exec(found.note ?? "")?.[1]?.replace(/\.$/, "") ?? "";
      execFileSync("sh", ["-c", command]);
      expect((await lab.ensure(lab.second)).made).toBe(true);
      expect(lab.git("rev-parse", "HEAD")).toBe(lab.second);
    },
  );
});

test("a pipe in the place of a .env holds nobody up", async () => {
  execFileSync("mkfifo", [join(lab.folder, ".env")]);
  expect(ownersIn(lab.folder)).toHaveLength(1);
  const wanted = modelEnvironment("key", "https://a.example/v2");
  const seen = inspectDotenv(join(lab.folder, ".env"), lab1, wanted);
  expect(seen).toEqual({ fault: "it is not a regular file" });
  expect((await variablesOfRun(lab.folder, seen, wanted, {}, {})).variables).toEqual({});
});

describe("a folder in which something is another stack's is refused before anything is touched:", () => {
  const asOf: readonly [string, (owner: Owner) => unknown][] = [
    ["the checkout", (owner) => lab.mark(owner)],
    ["the environment", (owner) => putVenv(owner)],
    ["the .env", (owner) => writeDotenv(join(lab.folder, ".env"), owner, { LITELLM_LOG: "1" }, readsBack)],
    ["the subset", (owner) => ensureSubset(lab.folder, owner, [])],
  ];
  const putVenv = (owner: Owner) =>
    put(
      join(lab.folder, ".venv", "cooperbench-machine.json"),
      JSON.stringify({ ...owner, path: join(lab.folder, ".venv") }),
    );

  test.each(asOf)("%s", async (_, make) => {
    await make(lab2);
    const before = [treeOf(lab.folder), readFileSync(lab.markerFile, "utf8")];
    await expect(lab.ensure(lab.second)).rejects.toThrow(
      /has things of stack lab-2: .*\nFix: [\s\S]* cooperbenchDir [\s\S]*destroy lab-2/,
    );
    expect([treeOf(lab.folder), readFileSync(lab.markerFile, "utf8")]).toEqual(before);
    const finding = findingOf(lab1);
    expect(finding).toMatchObject({ check: "owners", level: "blocker" });
    expect(finding.found).toContain("stack lab-2");
  });

  test.each(asOf)("where %s is the stack's own, it is used", async (_, make) => {
    await make(lab1);
    await lab.ensure(lab.second);
    expect(lab.git("rev-parse", "HEAD")).toBe(lab.second);
    expect(findingOf(lab1).level).toBe("ok");
  });

  test("all of them are named at once, each with its stack", async () => {
    for (const [, make] of asOf) await make(lab2);
    putVenv({ stack: "lab-3", id: "33333333-3333-4333-8333-333333333333" });
    expect(ownersIn(lab.folder).map(({ owner }) => owner.stack)).toContain("lab-3");
    expect(findingOf(lab1).found).toMatch(/lab-2 and lab-3/);
  });

  test("a folder that is not there, or is the user's, is nobody's", () => {
    expect(ownersIn(join(lab.base, "nowhere"))).toEqual([]);
    cpSync(lab.repository, join(lab.base, "mine"), { recursive: true });
    put(join(lab.base, "mine", ".env"), "A=1\n");
    expect(ownersIn(join(lab.base, "mine"))).toEqual([]);
  });
});
