import prettyBytes from "pretty-bytes";
import { type JudgedContainer, lookForLeftovers } from "../checks/doctor/leftovers.ts";
import { count, showSeconds } from "../checks/units.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { removeThing } from "../provision/engine/owned.ts";
import type { StackCaller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { ask, isAtTerminal } from "./confirm.ts";
import { openEngine } from "./engine.ts";
import { printJson } from "./json.ts";
import { table } from "./table.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";

/**
 * `./machine clean [STACK] [--yes] [--json]`: removes the containers that killed runs of CooperBench have left on the
 * engine of a stack. It says what goes, and asks; where nobody can be asked it removes with --yes alone. What a run that
 * lives may have made stays. Gives 1 where something is left.
 */
export async function clean({ yes, json }: Given["clean"], caller: StackCaller): Promise<number> {
  const { stack, output } = caller;
  const { dockerHost, images, info } = await openEngine(caller);
  const look = async () => {
    const found = await lookForLeftovers(dockerHost, { images, info });
    if ("unknown" in found)
      throw new Problem(`the engine's containers cannot be read: ${found.unknown}`, machine("doctor", stack));
    return found.value;
  };
  const found = await look();
  const goes = found.filter(({ fate }) => fate !== "living");
  if (!json)
    output.print(
      outlook(found)
        .map((line) => `${line}\n`)
        .join(""),
    );
  const isToGo =
    goes.length > 0 &&
    (yes || (!json && isAtTerminal() && (await ask(`Remove ${count(goes.length, "container")}?`))));
  // A run that began meanwhile may use one of them.
  const still = isToGo ? (await look()).filter(({ fate }) => fate !== "living") : [];
  const removed = await remove(
    dockerHost,
    still.filter(({ id }) => goes.some((one) => one.id === id)),
    output.say,
  );
  const isClean = removed.length === goes.length;
  const verdict: Verdict = {
    outcome: isClean ? "done" : removed.length > 0 ? "failed" : "unchanged",
    text: textOf(goes.length, removed),
    next: isClean ? machine("status", stack) : machine("clean", stack, "--yes"),
  };
  if (!json) return conclude(output, verdict);
  printJson(output, "clean", { stack, dockerHost, containers: found, removed });
  return codeOf(verdict);
}

function textOf(wanted: number, removed: readonly string[]): string {
  if (wanted === 0) return "the engine has no container of a CooperBench run to remove";
  return removed.length > 0 ? `removed ${removed.join(", ")}` : `${count(wanted, "container")} to remove`;
}

/** What goes and what stays, before it is done. */
function outlook(found: readonly JudgedContainer[]): readonly string[] {
  const rows = found.map(({ fate, name, part, ageSeconds, memoryBytes, image }) => [
    fate === "living" ? "stays:" : "goes: ",
    name,
    part,
    `${showSeconds(ageSeconds)} old`,
    prettyBytes(memoryBytes),
    image,
  ]);
  const words: Readonly<Record<string, string>> = {
    living: "stays, because it may belong to a run that is going on",
    unseen: "goes; whether a run uses it is not known",
  };
  const reasons = found.flatMap(({ fate, reason }) =>
    reason === undefined ? [] : [`${words[fate]}: ${reason}`],
  );
  return [...table(rows), ...new Set(reasons)];
}

/** Removes containers, and gives the names of those that are gone. */
async function remove(
  dockerHost: string,
  containers: readonly JudgedContainer[],
  say: (line: string) => void,
): Promise<readonly string[]> {
  const removals = containers.map(({ id, name }) =>
    removeThing(dockerHost, "container", id).then(
      () => [name],
      (error: Error) => {
        say(`${name} could not be removed: ${error.message}`);
        return [];
      },
    ),
  );
  return (await Promise.all(removals)).flat();
}
