import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../lib/files.ts";

/** Who uses a rehearsal: a stack of a project's folder on this machine. */
export interface RehearsalUser {
  /** Id of the stack; undefined for one that is older than ids. */
  readonly id?: string | undefined;
  readonly stack: string;
  /** The project's folder, absolute. */
  readonly projectDir: string;
  /** Where the stack's state is, as a URL. */
  readonly backend: string;
  /** The person, as the machine calls them. */
  readonly user: string;
}

/** Notes in a rehearsal's folder that a stack uses it. */
export function addUser(dir: string, user: RehearsalUser): void {
  mkdirSync(folderOf(dir), { recursive: true });
  writeWhole(fileOf(dir, user), `${JSON.stringify(user)}\n`);
}

/** Takes the note away. */
export function removeUser(dir: string, user: RehearsalUser): void {
  rmSync(fileOf(dir, user), { force: true });
}

/** Everyone that is noted. */
export function readUsers(dir: string): readonly RehearsalUser[] {
  if (!existsSync(folderOf(dir))) return [];
  return readdirSync(folderOf(dir))
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .flatMap((name) => userIn(join(folderOf(dir), name)));
}

function userIn(file: string): readonly RehearsalUser[] {
  try {
    const user = JSON.parse(readFileSync(file, "utf8")) as Partial<RehearsalUser> | null;
    const texts = [user?.stack, user?.projectDir, user?.backend, user?.user];
    return texts.every((text) => typeof text === "string") ? [user as RehearsalUser] : [];
  } catch {
    return []; // taken away just now, or cut off by a power cut: the next update notes it again
  }
}

const folderOf = (dir: string) => join(dir, "users");

/** A stack keeps its note when it is renamed, and two states never share one. */
function fileOf(dir: string, { id, stack, projectDir, backend }: RehearsalUser): string {
  const key = createHash("sha256").update(JSON.stringify([id ?? stack, projectDir, backend]));
  return join(folderOf(dir), `${key.digest("hex").slice(0, 32)}.json`);
}
