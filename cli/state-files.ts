/** Where Pulumi keeps a stack in a backend of files, and what of it is whole. Reads files alone. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { z } from "zod";
import { project } from "../program/configuration.ts";
import { backendFolder, backendUrl } from "./backend.ts";
import type { StackPlace } from "./caller.ts";

/** A stack's places in a backend of files. */
export interface StateFiles {
  /** The folder of the backend. */
  readonly folder: string;
  /** The state, without `.gz` or `.zst`, which Pulumi adds where it was told to. */
  readonly state: string;
  /** Folder of the update locks. */
  readonly locks: string;
  /** Folder of the history: two files an update. */
  readonly history: string;
}

/** Where a stack is, whether it was made or not; undefined where the backend has no files that can be looked at. */
export function stateFiles({ stack, projectDir, env }: StackPlace): StateFiles | undefined {
  const folder = backendFolder(projectDir, backendUrl(env));
  if (folder === undefined) return undefined;
  const kept = join(folder, ".pulumi");
  return {
    folder,
    state: join(kept, "stacks", project, `${stack}.json`),
    locks: join(kept, "locks", "organization", project, stack),
    history: join(kept, "history", project, stack),
  };
}

const deployment = z.looseObject({
  pending_operations: z
    .array(z.looseObject({ type: z.string(), resource: z.looseObject({ urn: z.string() }) }))
    .nullish(),
});
const exported = z.looseObject({ deployment });

/** Something that Pulumi was doing when it was cut off. */
export interface PendingOperation {
  /** Such as creating, updating, deleting. */
  readonly type: string;
  /** Name of the resource. */
  readonly resource: string;
}

/** A stack's state as its file has it. */
export type FoundState =
  | { readonly kind: "none" }
  | {
      readonly kind: "whole";
      readonly pending: readonly PendingOperation[];
      /** Pulumi's latest deployment, as it is there. */
      readonly latest?: unknown;
    }
  | {
      readonly kind: "cut off";
      readonly file: string;
      readonly bytes: number;
      /** The newest whole copy of it, and when that was written. */
      readonly copy?: { readonly file: string; readonly writtenAt: Date } | undefined;
    };

/** The file that has the state of a stack; undefined where there is none. */
export function stateFile({ state }: StateFiles): string | undefined {
  return newest([state, `${state}.gz`, `${state}.zst`]);
}

/** Reads the state of a stack. Of one that may not be read, Pulumi itself tells. */
export function findState(files: StateFiles): FoundState {
  const file = stateFile(files);
  if (file === undefined || !isReadable(file)) return { kind: "none" };
  const state = parsed(file);
  if (state !== undefined) {
    const { latest } = (state as { readonly checkpoint?: { readonly latest?: unknown } }).checkpoint ?? {};
    return { kind: "whole", pending: operationsOf(deployment.safeParse(latest).data), latest };
  }
  const bytes = statSync(file).size;
  return { kind: "cut off", file, bytes, copy: wholeCopy(file, files.history) };
}

/**
 * Files beside a state, or beside the backend's own, that were written only in part: they hold a content type and a hash.
 * Pulumi reads nothing beside which one is in pieces, and anything beside which there is none.
 */
export function cutOffAttributes({ folder, state }: StateFiles): readonly string[] {
  const read = [join(folder, ".pulumi", "meta.yaml"), state, `${state}.gz`, `${state}.zst`];
  return read
    .map((file) => `${file}.attrs`)
    .filter((file) => existsSync(file) && isReadable(file) && parsed(file) === undefined);
}

/** The operations of `pending_operations` in what `pulumi stack export` prints. */
export function pendingInExport(text: string): readonly PendingOperation[] {
  return operationsOf(exported.safeParse(JSON.parse(text)).data?.deployment);
}

/** None in a state of a form that is not known here. */
function operationsOf(state: z.infer<typeof deployment> | undefined): readonly PendingOperation[] {
  return (state?.pending_operations ?? []).map(({ type, resource: { urn } }) => ({
    type,
    resource: urn.slice(urn.lastIndexOf("::") + 2),
  }));
}

/** What a file of the state holds; undefined where it is not whole. */
function parsed(file: string): object | undefined {
  try {
    const state: unknown = JSON.parse(readText(file));
    return typeof state === "object" && state !== null ? state : undefined;
  } catch {
    return undefined;
  }
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** The text of a file of a backend, packed or not; undefined where there is none. */
export function packedText(file: string): string | undefined {
  const there = newest([file, `${file}.gz`, `${file}.zst`]);
  return there === undefined ? undefined : readText(there);
}

function readText(file: string): string {
  const bytes = readFileSync(file);
  if (file.endsWith(".gz")) return gunzipSync(bytes).toString("utf8");
  return (file.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes).toString("utf8");
}

/** The `.bak` beside a state, which Pulumi writes before each change of it; else the end of the last update. */
function wholeCopy(file: string, history: string) {
  const ends = names(history)
    .filter((name) => /\.checkpoint\.json(\.gz|\.zst)?$/.test(name))
    .toSorted()
    .toReversed()
    .map((name) => join(history, name));
  // A copy has the place and the name of the state, so it must be packed as that is.
  const packed = /\.(gz|zst)$/.exec(file)?.[0] ?? "";
  const copies = [`${file}.bak`, ...ends.filter((end) => end.endsWith(`.json${packed}`))];
  const copy = copies.find((candidate) => parsed(candidate) !== undefined);
  return copy === undefined ? undefined : { file: copy, writtenAt: statSync(copy).mtime };
}

function newest(files: readonly string[]): string | undefined {
  const folder = dirname(files[0] ?? "");
  const there = names(folder);
  return files
    .filter((file) => there.includes(basename(file)))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** The names in a folder; none where there is no such folder, or it may not be read. */
export function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
