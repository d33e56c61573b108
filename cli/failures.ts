/** What failed, each cause once. */
import type { Task } from "../benchmark/tasks.ts";
import { count } from "../checks/units.ts";
import { splitReference } from "../lib/reference.ts";
import { calledBy } from "./parts.ts";

/**
 * Failures in lines: those that differ only in their image are one, with their number and names.
 *
 * @param failed why resources failed, by their names.
 */
export function failureLines(
  tasks: readonly Task[],
  failed: Iterable<readonly [string, string]>,
): readonly string[] {
  const groups = new Map<string, { readonly names: string[]; readonly why: string }>();
  for (const [name, why] of failed) {
    const key = ofAny(tasks, why);
    const group = groups.get(key) ?? { names: [], why };
    group.names.push(calledBy(tasks, name));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ names, why }) =>
    names.length === 1
      ? `failed: ${names[0]}: ${why}`
      : `failed: ${names.join(", ")} (${count(names.length, "time")} the same): ${why}`,
  );
}

/** A reason without what is of one image alone. */
function ofAny(tasks: readonly Task[], why: string): string {
  const names = tasks.map(({ image }) => image);
  return [...names, ...names.map((name) => splitReference(name).repository)]
    .reduce((text, name) => text.replaceAll(name, "IMAGE"), why)
    .replaceAll(/sha256:[0-9a-f]+/g, "DIGEST");
}
