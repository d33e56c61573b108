import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import {
  type Place,
  type ProcessId,
  parseProcess,
  placeHere,
  showProcess,
  thisProcess,
} from "../../../../lib/process-id.ts";
import {
  removeLeftoverFolders,
  stackIdentity,
  temporaryName,
  withTemporaryFolder,
} from "../../../../provision/ownership/temporary.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let parent: string;
beforeEach(() => {
  parent = temporaryFolder("leftovers-");
});

const gone = { ...(placeHere() as Place), pid: process.pid, start: "1" };

/** The name of a temporary folder of a stack that a process has made. */
async function nameBy(stack: string, maker: ProcessId): Promise<string> {
  const own = await withTemporaryFolder(stack, async (folder) => basename(folder));
  return own.replace(thisProcess(), showProcess(maker));
}

test("a temporary folder is there while it is used, whatever comes of that", async () => {
  const used = await withTemporaryFolder("lab-1", async (folder) => {
    expect(existsSync(folder)).toBe(true);
    return folder;
  });
  expect(existsSync(used)).toBe(false);
  let failed = "";
  const failing = withTemporaryFolder("lab-1", async (folder) => {
    failed = folder;
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(existsSync(failed)).toBe(false);
});

test("what dead processes of the stack have left goes; the rest stays", async () => {
  const own = parseProcess(thisProcess()) as ProcessId;
  const left = await nameBy("lab-1", gone);
  const linked = await nameBy("lab-1", gone);
  const stay = [
    await nameBy("lab-1", own),
    await nameBy("lab-2", gone),
    await nameBy("lab-1", { ...gone, machine: "0".repeat(12) }),
    "cooperbench-machine-abcdef",
    `${left}-of-mine`,
  ];
  for (const name of [left, ...stay]) mkdirSync(join(parent, name));
  const target = join(parent, "target");
  mkdirSync(join(target, "kept"), { recursive: true });
  symlinkSync(target, join(parent, linked));
  expect(removeLeftoverFolders("lab-1", parent).toSorted()).toEqual(
    [left, linked].map((name) => join(parent, name)).toSorted(),
  );
  expect(readdirSync(parent).toSorted()).toEqual([...stay, "target"].toSorted());
  expect(existsSync(join(target, "kept"))).toBe(true);
});

test("no two names are the same, and a stack is known by its id, else by its name", () => {
  expect(temporaryName("probe")).not.toBe(temporaryName("probe"));
  expect(stackIdentity({ stack: "lab-1" })).toBe("lab-1");
  expect(stackIdentity({ stack: "lab-1", id: "id" })).toBe("id");
});
