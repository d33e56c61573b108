/** Which engine a rehearsal has: said at its first start, and kept as long as it is there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";

/** `debian`: the machine's own `dockerd`, or else Debian's. `modern`: one that is built here (modern-engine.ts). */
const ENGINES = ["debian", "modern"] as const;
export type EngineName = (typeof ENGINES)[number];

/** The variable that asks for an engine. */
export const ENGINE_VARIABLE = "COOPERBENCH_REHEARSAL_ENGINE";

/** The file of a rehearsal's folder that says which engine's data it holds. */
export const ENGINE_FILE = "engine";

/** The engine that is asked for; undefined where none is. */
export function askedEngine(): EngineName | undefined {
  const asked = process.env[ENGINE_VARIABLE] || undefined;
  const known = ENGINES.find((name) => name === asked);
  if (asked !== undefined && known === undefined)
    throw new Problem(`${ENGINE_VARIABLE} is ${JSON.stringify(asked)}, not one of ${ENGINES.join(", ")}`, {
      command: ["unset", ENGINE_VARIABLE],
      when: "for the default, debian",
    });
  return known;
}

/**
 * The engine of a rehearsal that there is, or is to be.
 *
 * @throws a Problem where another is asked for than the one whose data are there: neither reads the other's.
 */
export function engineOf(dir: string): EngineName {
  const [asked, there] = [askedEngine(), engineIn(dir)];
  if (asked !== undefined && there !== undefined && asked !== there)
    throw new Problem(
      `the rehearsal in ${dir} has the engine ${there}, and ${ENGINE_VARIABLE} asks for ${asked}, which cannot read its data`,
      [
        { command: ["unset", ENGINE_VARIABLE] },
        {
          ...machine("rehearsal", "remove", dir),
          when: "to remove it, and then make it with the other engine",
        },
      ],
    );
  return there ?? asked ?? "debian";
}

/** Keeps which engine a rehearsal has, before that makes anything. */
export function keepEngine(dir: string, engine: EngineName): void {
  if (engineIn(dir) !== engine) writeWhole(join(dir, ENGINE_FILE), `${engine}\n`);
}

function engineIn(dir: string): EngineName | undefined {
  const file = join(dir, ENGINE_FILE);
  const said = existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
  const known = ENGINES.find((name) => name === said);
  // A start of a version that knew one engine has left its settings.
  return known ?? (existsSync(join(dir, "daemon.json")) ? "debian" : undefined);
}
