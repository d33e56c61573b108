import { type Known, knownOf } from "../../lib/known.ts";
import type { Look } from "../../provision/look.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/**
 * Whether something on this machine leads a run's calls of the model elsewhere. An update would end
 * with the failed proof of the route.
 */
export function routeFinding(route: Look["route"]): Finding {
  if ("unknown" in route)
    return warning("route", `whether something here overrides modelApiBase is not known: ${route.unknown}`, {
      advice: "run this as the user whose files these are",
    });
  if (route.value === undefined) return ok("route", "nothing here overrides modelApiBase");
  const { found, remedies, isSure } = route.value;
  return isSure
    ? blocker("route", `${found}: this makes the proof of the route fail`, remedies)
    : warning("route", found, remedies);
}

/** What else decides what a run does: the user's own lines and variables, which may be meant. Undefined where nothing does. */
export function otherSettingsFinding(others: Known<readonly string[]>): Finding | undefined {
  const names = knownOf(others) ?? [];
  if (names.length === 0) return undefined;
  return warning("variables", `these also decide what a run does: ${names.join(", ")}`, {
    advice: "remove the line, or unset the variable, unless you mean it",
  });
}
