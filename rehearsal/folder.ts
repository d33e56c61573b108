import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "./files.ts";

/** Its presence says that everything in the folder is a rehearsal's, and may be removed. */
export const MARK = ".cooperbench-rehearsal";

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

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
  writeAtomically(
    join(dir, MARK),
    `Made by cooperbench-machine; \`./machine rehearsal stop\` removes this folder.\nid ${id}\n`,
  );
}

/** @throws Error when the folder holds things and no rehearsal made it. */
export function checkIsRehearsal(dir: string): void {
  if (existsSync(join(dir, MARK))) return;
  // A mark that a kill kept from its name is no other's file.
  if (readdirSync(dir).every((name) => name === `${MARK}.new`)) return;
  throw new Error(
    `${dir} holds files that no rehearsal made, and is left as it is: name a folder of its own (COOPERBENCH_REHEARSAL_DIR, or ./machine new NAME --rehearsal FOLDER)`,
  );
}

/** Removes the folder, its mark last: a removal that was cut short can be taken up again. */
export function removeFolder(dir: string): void {
  for (const name of readdirSync(dir))
    if (name !== MARK) rmSync(join(dir, name), { recursive: true, force: true });
  rmSync(join(dir, MARK), { force: true });
  rmdirSync(dir);
}
