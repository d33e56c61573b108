import { existsSync, mkdtempSync, readdirSync, renameSync } from "node:fs";
import { readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readOwnMarker } from "../../ownership/marker.ts";
import type { Owner } from "../../ownership/owner.ts";
import { markerFile, removeTraces } from "./marker.ts";

const REMOVING = ".removing-";

/**
 * Removes an environment. It gets another name first, so that what is at its path is always a whole thing; the marker
 * goes last, so that a removal that was cut off can be finished.
 */
export async function discard(venv: string): Promise<void> {
  const aside = mkdtempSync(`${venv}${REMOVING}`);
  renameSync(venv, aside);
  await removeAside(aside);
}

/** Finishes the removals of this stack's that were cut off. */
export async function finishRemovals(venv: string, owner: Owner): Promise<void> {
  const names = await readdir(dirname(venv)).catch(() => []);
  for (const name of names.filter((name) => name.startsWith(`${basename(venv)}${REMOVING}`))) {
    const aside = join(dirname(venv), name);
    const isEmpty = readdirSync(aside).length === 0;
    if (isEmpty || readOwnMarker(markerFile(aside), owner) !== undefined) await removeAside(aside);
  }
}

/** Gives what is not the stack's another name, for the user to find. Gives that name. */
export async function keepAside(venv: string): Promise<string> {
  const aside = `${venv}.kept-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  await rename(venv, aside);
  return aside;
}

/** Removes the folder of an environment where there is nothing in it but what a step leaves that was cut off. */
export async function removeEmpty(venv: string): Promise<void> {
  if (!existsSync(venv)) return;
  removeTraces(venv);
  await rmdir(venv);
}

async function removeAside(aside: string): Promise<void> {
  const last = [".gitignore", basename(markerFile(aside))]; // git is not to take the rest for a change of the checkout
  for (const name of [...(await readdir(aside)).filter((name) => !last.includes(name)), ...last])
    await rm(join(aside, name), { recursive: true, force: true });
  await rmdir(aside);
}
