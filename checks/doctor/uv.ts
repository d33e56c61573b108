import { environmentFor } from "../../lib/environment.ts";
import { findOnPath } from "../../lib/find-program.ts";
import { answerOf } from "../../lib/run.ts";
import { isAtLeast } from "../../lib/version.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { UV_MINIMUM } from "../../toolchain/versions.ts";
import { type Finding, ok } from "../finding.ts";

/** The uv of a ready toolchain, or else of PATH, which is run; undefined where there is none. */
export async function findUv(
  pieces: readonly Piece[],
  path: string | undefined,
): Promise<Omit<Piece, "name"> | undefined> {
  const piece = pieces.find(({ name }) => name === "uv");
  if (piece !== undefined) return piece;
  const file = findOnPath("uv", path);
  if (file === undefined) return undefined;
  const said = await answerOf(file, ["--version"], { env: environmentFor("uv"), timeoutSeconds: 10 });
  if (said === undefined) return undefined; // a stand-in that fails: then it is got
  return { version: /\d+\.\d+\.\d+/.exec(said)?.[0] ?? "unknown", from: `PATH (${file})` };
}

/** Which uv makes the virtual environment. There is always one: the toolchain gets what is missing. */
export function uvFinding(uv: Omit<Piece, "name"> | undefined): Finding {
  if (uv !== undefined && isAtLeast(uv.version, UV_MINIMUM)) return ok("uv", `uv ${uv.version}, ${uv.from}`);
  const got =
    uv === undefined ? "not there yet" : `uv ${uv.version}, ${uv.from}, is older than ${UV_MINIMUM}`;
  return ok("uv", `${got}: the first ./machine up gets it from PyPI`);
}
