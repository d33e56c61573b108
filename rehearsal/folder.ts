import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Its presence says that everything in the folder is a rehearsal's, and may be removed. */
export const MARK = ".cooperbench-rehearsal";

/** Makes the folder, or takes an empty one. @throws Error when it holds something else. */
export function claimFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  checkIsRehearsal(dir);
  writeFileSync(
    join(dir, MARK),
    "Made by cooperbench-machine; `./machine rehearsal stop` removes this folder.\n",
  );
}

/** @throws Error when the folder holds things and no rehearsal made it. */
export function checkIsRehearsal(dir: string): void {
  if (existsSync(join(dir, MARK)) || readdirSync(dir).length === 0) return;
  throw new Error(
    `${dir} holds files that no rehearsal made, and is left as it is: set COOPERBENCH_REHEARSAL_DIR to a folder of its own`,
  );
}

/** Removes the folder, its mark last: a removal that was cut short can be taken up again. */
export function removeFolder(dir: string): void {
  for (const name of readdirSync(dir))
    if (name !== MARK) rmSync(join(dir, name), { recursive: true, force: true });
  rmSync(join(dir, MARK), { force: true });
  rmdirSync(dir);
}
