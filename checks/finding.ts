import { each, type Remedies, type Remedy, remedyText } from "../lib/remedy.ts";

/** How much a finding matters: a warning does not stop an update, a blocker does. */
export type Level = "ok" | "warning" | "blocker";

/** What one check has found. */
export type Finding = Fine | Faulty;

/** A finding with nothing to mend. */
export interface Fine {
  /** Short stable name of the check, such as `space`. */
  readonly check: string;
  readonly level: "ok";
  /** One sentence, figures with their units. */
  readonly found: string;
  readonly remedy?: undefined;
  readonly remedies: readonly [];
}

/** A finding of a fault. */
export interface Faulty {
  /** Short stable name of the check, such as `space`. */
  readonly check: string;
  readonly level: Exclude<Level, "ok">;
  /** One sentence, figures with their units. */
  readonly found: string;
  /** What helps, as it is shown. */
  readonly remedy: string;
  /** The same, for programs: one of these helps. */
  readonly remedies: readonly [Remedy, ...Remedy[]];
}

/** A finding with nothing to mend. */
export function ok(check: string, found: string): Fine {
  return { check, level: "ok", found, remedies: [] };
}

/** A finding that may spoil something, and does not stop an update. */
export function warning(check: string, found: string, remedies: Remedies): Faulty {
  return { check, level: "warning", found, ...shown(remedies) };
}

/** A finding with which an update cannot end well. */
export function blocker(check: string, found: string, remedies: Remedies): Faulty {
  return { check, level: "blocker", found, ...shown(remedies) };
}

/** Remedies as a finding has them. */
export function shown(remedies: Remedies): Pick<Faulty, "remedy" | "remedies"> {
  return { remedy: remedyText(remedies), remedies: each(remedies) };
}
