import { output } from "../../lib/run.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { isAtLeast, UV_MINIMUM } from "../../toolchain/versions.ts";
import { type Finding, ok } from "../finding.ts";
import { onPath } from "./client.ts";

/** The uv of a ready toolchain, or else of PATH, which is run; undefined where there is none. */
export async function findUv(
  pieces: readonly Piece[],
  path: string | undefined,
): Promise<Omit<Piece, "name"> | undefined> {
  const piece = pieces.find(({ name }) => name === "uv");
  if (piece !== undefined) return piece;
  const file = onPath("uv", path);
  if (file === undefined) return undefined;
  try {
    const said = await output(file, ["--version"], { timeoutSeconds: 10 });
    return { version: /\d+\.\d+\.\d+/.exec(said)?.[0] ?? "unknown", from: `PATH (${file})` };
  } catch {
    return undefined; // a stand-in that fails: then it is got
  }
}

/** Which uv makes the virtual environment. There is always one: the toolchain gets what is missing. */
export function uvFinding(uv: Omit<Piece, "name"> | undefined): Finding {
  if (uv !== undefined && isAtLeast(uv.version, UV_MINIMUM)) return ok("uv", `uv ${uv.version}, ${uv.from}`);
  const got =
    uv === undefined ? "not there yet" : `uv ${uv.version}, ${uv.from}, is older than ${UV_MINIMUM}`;
  return ok("uv", `${got}: the first ./machine up gets it from PyPI`);
}
