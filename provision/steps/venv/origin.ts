import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSamePlace, realPlace } from "../../../lib/place.ts";
import { isMarkerBroken, readMarker } from "../../ownership/marker.ts";
import { isOf, type Owner } from "../../ownership/owner.ts";
import { isStepsFile, markerFile, type VenvIntent, type VenvMarker } from "./marker.ts";

/** Whose an environment is. */
export type VenvOrigin =
  | { readonly kind: "absent" }
  /** The stack has made it, at this very path. */
  | { readonly kind: "own"; readonly marker: VenvMarker }
  /** The stack has made it at another path, where it no longer is. */
  | { readonly kind: "moved"; readonly marker: VenvMarker; readonly from: string }
  /** It is a copy of one that is still there: the user's. */
  | { readonly kind: "copy"; readonly from: string }
  /** Another stack has made it, at this very path. */
  | { readonly kind: "other"; readonly marker: VenvMarker }
  /** The user's, as far as can be known. */
  | {
      readonly kind: "user";
      /** Whether there is a marker that cannot be read. */
      readonly isMarkerBroken?: boolean;
      /** What an update was doing in it that was cut off. */
      readonly intent?: VenvIntent;
    };

/** Tells whose the environment at a path is, from its marker. */
export function originOf(venv: string, owner: Owner): VenvOrigin {
  if (isAbsent(venv)) return { kind: "absent" };
  const user = { kind: "user" } as const;
  // What a link leads to was put there by the user, whoever made it.
  if (lstatSync(venv).isSymbolicLink()) return user;
  const marker = readMarker<VenvMarker>(markerFile(venv));
  if (marker === undefined) return { ...user, isMarkerBroken: isMarkerBroken(markerFile(venv)) };
  const path = marker.path ?? scriptsEnvironment(venv) ?? venv;
  if (isSamePlace(path, venv)) {
    if (marker.intent?.of === "user") return { ...user, intent: marker.intent };
    return isOf(marker, owner) ? { kind: "own", marker } : { kind: "other", marker };
  }
  const there = readMarker<VenvMarker>(markerFile(path));
  if (there !== undefined && there.stack === marker.stack && there.id === marker.id)
    return { kind: "copy", from: path };
  return marker.intent?.of !== "user" && isOf(marker, owner) ? { kind: "moved", marker, from: path } : user;
}

/** Whether there is nothing, or nothing but what a step leaves that was cut off before its first word. */
function isAbsent(venv: string): boolean {
  try {
    return readdirSync(venv).every((name) => isStepsFile(name) && markerFile(venv) !== join(venv, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return !isLink(venv);
    if (code === "ENOTDIR") return false;
    throw error;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** The environment whose Python its `cooperbench` runs; undefined where that cannot be told. */
export function scriptsEnvironment(venv: string): string | undefined {
  try {
    const head = readFileSync(join(venv, "bin", "cooperbench"), "utf8").slice(0, 1000);
    // A path that is long or has blanks is run by a shell: #!/bin/sh, then '''exec' 'PATH' "$0" "$@".
    const python =
      /^#!\s*(\/.*\/bin\/python[\d.]*)\s*$/m.exec(head) ??
      /^'''exec' '?(\/.*\/bin\/python[\d.]*)'? /m.exec(head);
    const path = python?.[1]?.replaceAll(`'"'"'`, "'"); // as a shell has a quote in quotes
    return path && realPlace(dirname(dirname(path)));
  } catch {
    return undefined;
  }
}
