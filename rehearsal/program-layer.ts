import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Problem } from "../lib/problem.ts";
import { output } from "../lib/run.ts";
import { type Entry, type Layer, makeLayer } from "./layer.ts";

/** Programs of this machine to put in an image. */
export interface Programs {
  /** Absolute paths of programs by their paths in the image. */
  readonly files: Readonly<Record<string, string>>;
  /** Entries beside them. Default: none. */
  readonly entries?: readonly Entry[];
  /** The environment in which the programs find their libraries here. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where the loader of any architecture looks without a configuration. */
const LIBRARIES = "usr/lib";

/** Packs programs with the libraries that they load. The loader keeps its path, which each program names. */
export async function programLayer({ files, entries = [], env }: Programs): Promise<Layer> {
  const listed = await Promise.all(Object.values(files).map((file) => output("ldd", [file], { env })));
  const libraries = new Map(listed.flatMap(librariesOf));
  const all = new Map([...Object.entries(files).map(([path, file]) => [path, file] as const), ...libraries]);
  return makeLayer([
    ...foldersOf(all.keys()),
    ...[...all].map(
      ([path, file]): Entry => ({ path, type: "file", mode: 0o755, bytes: readFileSync(file) }),
    ),
    ...entries,
  ]);
}

/** Path in the image and on this machine of each library in ldd's list. */
function librariesOf(text: string): readonly (readonly [string, string])[] {
  const missing = /^\s*(\S+) => not found/m.exec(text)?.[1];
  if (missing !== undefined)
    throw new Problem(`a program of the rehearsal's images lacks its library ${missing}`, {
      advice: `install the package that has ${missing}`,
    });
  const named = [...text.matchAll(/ => (\/\S+)/g)].map(([, file = ""]) => [
    `${LIBRARIES}/${basename(file)}`,
    file,
  ]);
  const loader = [...text.matchAll(/^\s*\/(\S+) \(/gm)].map(([, path = ""]) => [path, `/${path}`]);
  return [...named, ...loader] as [string, string][];
}

function foldersOf(paths: Iterable<string>): readonly Entry[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join("/"));
  }
  return [...folders].map((path) => ({ path, type: "directory" }));
}
