import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { COMMITS, MARK } from "../benchmark/stand-ins.ts";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { ENGINE_FILE } from "./engine-choice.ts";

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** @throws a Problem for a place where no folder is made: Node.js tries it for ever. */
export function checkPlace(dir: string): void {
  if (/^\/(proc|sys)(\/|$)/.test(dir))
    throw new Problem(`${dir} is a folder of the kernel, and cannot hold a rehearsal`, {
      advice: "name another folder",
    });
}

/** Makes the folder, or takes an empty one, and gives it an id. @throws Error when it holds something else. */
export function claimFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  checkIsRehearsal(dir);
  if (folderId(dir) === undefined) setFolderId(dir, randomUUID());
}

/** The id of the rehearsal in a folder; undefined where there is none, or one that is older than ids. */
export function folderId(dir: string): string | undefined {
  const mark = join(dir, MARK);
  return existsSync(mark) ? UUID.exec(readFileSync(mark, "utf8"))?.[0] : undefined;
}

/** Gives the rehearsal in a folder an id. */
export function setFolderId(dir: string, id: string): void {
  writeWhole(
    join(dir, MARK),
    `Made by cooperbench-machine; \`./machine rehearsal remove\` removes this folder.\nid ${id}\nof ${realpathSync(dir)}\n`,
  );
}

/** The folder that a mark was copied from, which still has it; undefined for a mark of this folder. */
function copiedFrom(dir: string): string | undefined {
  const path = /^of (\/.+)$/m.exec(readFileSync(join(dir, MARK), "utf8"))?.[1];
  if (path === undefined || path === realpathSync(dir)) return undefined;
  return folderId(path) !== undefined && folderId(path) === folderId(dir) ? path : undefined;
}

/** @throws Error when the folder holds things and no rehearsal made it. */
export function checkIsRehearsal(dir: string): void {
  if (existsSync(join(dir, MARK))) {
    const original = copiedFrom(dir);
    if (original === undefined) return;
    throw new Problem(
      `the mark in ${dir} was copied from ${original}, so nothing there is known to belong to a rehearsal. It is left as it is`,
      { command: ["rm", join(dir, MARK)], when: "if it is a copy that no rehearsal needs" },
    );
  }
  // A mark that a kill kept from its name is no other's file.
  if (readdirSync(dir).every((name) => name === `${MARK}.new`)) return;
  throw new Problem(`${dir} holds files that no rehearsal made, and is left as it is`, [
    { command: ["export", "COOPERBENCH_REHEARSAL_DIR=FOLDER"], when: "to use a folder of its own" },
    {
      ...machine("new", "NAME", "--rehearsal", "FOLDER"),
      when: "to make a stack with a rehearsal of its own",
    },
  ]);
}

/** All that a rehearsal makes in its folder, beside the mark. */
const OWN = new Set([
  ...[
    "CooperBench.git",
    "below",
    "bin",
    "data",
    "engine-bin",
    "exec",
    "log",
    "registry",
    "run",
    "tmp",
    "users",
  ],
  ...[COMMITS, ENGINE_FILE, "contents.json", "daemon.json", "docker.sock", "images.lock.json", "lock"],
  ...["redis.port", "registry.port", "registry.yml"],
]);

/**
 * Removes what a rehearsal has made in its folder, the mark last: a removal that was cut short can be taken up again.
 *
 * @returns the names of what else is in the folder, which stays then.
 */
export function removeFolder(dir: string): readonly string[] {
  const isOwn = (name: string) => OWN.has(name.replace(/\.new$/, ""));
  for (const name of readdirSync(dir).filter(isOwn))
    rmSync(join(dir, name), { recursive: true, force: true });
  rmSync(join(dir, `${MARK}.new`), { force: true });
  rmSync(join(dir, MARK), { force: true });
  const others = readdirSync(dir);
  if (others.length === 0) rmdirSync(dir);
  return others;
}
