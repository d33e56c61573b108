import { type Remedies, remedyText } from "../lib/remedy.ts";

/** How much a finding matters: a warning does not stop an update, a blocker does. */
export type Level = "ok" | "warning" | "blocker";

/** What one check has found. */
export interface Finding {
  /** Short stable name of the check, such as `space`. */
  readonly check: string;
  readonly level: Level;
  /** One sentence, figures with their units. */
  readonly found: string;
  /** What to do, as it is shown; undefined where all is well. */
  readonly remedy?: string;
  /** The same, for programs; undefined where all is well. */
  readonly remedies?: Remedies;
}

/** A finding with nothing to mend. */
export function ok(check: string, found: string): Finding {
  return { check, level: "ok", found };
}

/** A finding that may spoil something, and does not stop an update. */
export function warning(check: string, found: string, remedies: string | Remedies): Finding {
  return { check, level: "warning", found, ...shown(remedies) };
}

/** A finding with which an update cannot end well. */
export function blocker(check: string, found: string, remedies: string | Remedies): Finding {
  return { check, level: "blocker", found, ...shown(remedies) };
}

function shown(remedies: string | Remedies): Pick<Finding, "remedy" | "remedies"> {
  return typeof remedies === "string" ? { remedy: remedies } : { remedy: remedyText(remedies), remedies };
}
