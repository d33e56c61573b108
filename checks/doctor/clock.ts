import { type Finding, ok, warning } from "../finding.ts";
import { showSeconds } from "../units.ts";

/** Seconds by which clocks may differ: tokens and signatures of package lists tolerate about as much. */
const TOLERANCE_SECONDS = 300;

/** Another's clock, and this machine's at the same time. */
export interface Clock {
  /** Whose it is. */
  readonly name: string;
  readonly theirs: Date;
  readonly ours: Date;
}

/** Whether this machine's clock agrees with others. */
export function clockFinding(clocks: readonly Clock[]): Finding {
  const apart = ({ theirs, ours }: Clock) => Math.abs(theirs.getTime() - ours.getTime()) / 1000;
  const wrong = clocks.filter((clock) => apart(clock) > TOLERANCE_SECONDS);
  if (wrong.length > 0) {
    return warning(
      "clock",
      `${wrong
        .map((clock) => `this machine's clock and ${clock.name}'s are ${showSeconds(apart(clock))} apart`)
        .join("; ")}: TLS, tokens and apt fail with a wrong clock`,
      { command: ["sudo", "timedatectl", "set-ntp", "true"] },
    );
  }
  if (clocks.length === 0)
    return ok("clock", "no other clock answered that this machine's could be compared with");
  return ok(
    "clock",
    `this machine's clock agrees with ${clocks.map(({ name }) => `${name}'s`).join(" and ")}`,
  );
}
