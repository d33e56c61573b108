import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { MARK, rehearsalFolder } from "../../../benchmark/stand-ins.ts";
import { checkIsRehearsal, claimFolder, folderId, removeFolder } from "../../../rehearsal/folder.ts";
import { rehearsalAt, rehearsalWith, takeRehearsalId } from "../../../rehearsal/rehearsal.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("mark-");
});

describe("a rehearsal's mark", () => {
  const mark = () => join(folder, MARK);

  test("has an id that it keeps", () => {
    claimFolder(folder);
    const id = folderId(folder);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    claimFolder(folder);
    expect(folderId(folder)).toBe(id);
  });

  test("of an older version is given one", () => {
    writeFileSync(mark(), "Made by cooperbench-machine.\n");
    claimFolder(folder);
    expect(folderId(folder)).toBeDefined();
  });

  test("that a kill kept from its name is made again, and a stranger's file is not taken for one", () => {
    writeFileSync(`${mark()}.new`, "");
    claimFolder(folder);
    expect(folderId(folder)).toBeDefined();
    rmSync(mark());
    writeFileSync(join(folder, "mine"), "");
    expect(() => claimFolder(folder)).toThrow(/no rehearsal made/);
  });

  test("that was copied to another folder makes nothing there a rehearsal's; one that was moved with it does", () => {
    const [original, other] = [join(folder, "original"), join(folder, "other")];
    claimFolder(original);
    mkdirSync(other);
    copyFileSync(join(original, MARK), join(other, MARK));
    expect(() => checkIsRehearsal(other)).toThrow(`was copied from ${original}`);
    rmSync(other, { recursive: true });
    renameSync(original, other);
    checkIsRehearsal(other);
  });

  test("goes with what the rehearsal made; what else is in the folder stays, and is named", () => {
    claimFolder(folder);
    for (const name of ["data", "users", "results"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "mynotes.txt"), "precious");
    writeFileSync(join(folder, "redis.port.new"), "");
    expect(removeFolder(folder).toSorted()).toEqual(["mynotes.txt", "results"]);
    expect(readdirSync(folder).toSorted()).toEqual(["mynotes.txt", "results"]);
    const whole = join(folder, "whole");
    claimFolder(whole);
    expect(removeFolder(whole)).toEqual([]);
    expect(existsSync(whole)).toBe(false);
  });

  test("takes the id of a stack that had the rehearsal before", async () => {
    claimFolder(folder);
    await takeRehearsalId(rehearsalAt(folder), "11111111-1111-4111-8111-111111111111");
    expect(folderId(folder)).toBe("11111111-1111-4111-8111-111111111111");
  });

  test("tells a rehearsal by its socket; before a start its image lock does", () => {
    const { dockerHost, imagesLock } = rehearsalAt(folder);
    expect(rehearsalWith(dockerHost, "")).toBeUndefined();
    expect(rehearsalWith(dockerHost, "/other.json")).toBeUndefined();
    expect(rehearsalWith(dockerHost, imagesLock)?.dir).toBe(folder);
    claimFolder(folder);
    expect(rehearsalWith(dockerHost, "")?.dir).toBe(folder);
    writeFileSync(join(folder, "docker.sock"), "");
    symlinkSync(join(folder, "docker.sock"), join(folder, "link"));
    expect(rehearsalFolder(`unix://${folder}/link`)).toBe(folder);
    expect(rehearsalWith(`unix://${folder}/link`, "")).toBeUndefined();
    expect(rehearsalWith("tcp://10.0.0.1:2375", "")).toBeUndefined();
    expect(rehearsalWith("unix:///var/run/docker.sock", "")).toBeUndefined();
    for (const other of ["tcp://10.0.0.1:2375", `unix://${folder}/none.sock`])
      expect(rehearsalFolder(other)).toBeUndefined();
  });
});
