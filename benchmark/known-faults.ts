/** What is wrong with older versions of CooperBench, by its own account. */
import { isAtLeast } from "../lib/version.ts";

/** The version that a new stack takes where it is told none. */
export const newestVersion = "0.0.29";

/** A fault that runs of older versions have. */
export interface KnownFault {
  /** The first version without it. */
  readonly mendedIn: string;
  /** What it does to a run on Docker, in words. */
  readonly what: string;
}

/**
 * Faults that decide what a run's results are worth, the newest first. From CHANGELOG.md of version 0.0.29; those of
 * agents, backends and settings that the plan has no use for are left out.
 */
export const knownFaults: readonly KnownFault[] = [
  { mendedIn: "0.0.29", what: "24 of the 199 features cannot be graded" },
  { mendedIn: "0.0.29", what: "an agent that ends without submitting is waited for by the other" },
  {
    mendedIn: "0.0.28",
    what: "a test file of another language than Python in an agent's patch fails both features",
  },
  { mendedIn: "0.0.25", what: "a command of an agent that reads its standard input hangs" },
  { mendedIn: "0.0.24", what: "a branch that was pushed without a pull request counts as no work" },
  { mendedIn: "0.0.23", what: "agents can read the upstream solution in the repository's history" },
  { mendedIn: "0.0.22", what: "messages to an agent that has finished are lost" },
  { mendedIn: "0.0.16", what: "patches end without their last line end, and do not apply" },
  { mendedIn: "0.0.12", what: "a patch that does not apply counts as a clean merge" },
  { mendedIn: "0.0.10", what: "the containers of an evaluation end as they start" },
  { mendedIn: "0.0.8", what: "a lock of git that one feature's tests leave fails the other" },
  { mendedIn: "0.0.3", what: "its command line lacks options that the plan gives" },
];

/** The known faults of a version; none of one that is no number of a release. */
export function faultsOf(version = ""): readonly KnownFault[] {
  return /^\d/.test(version) ? knownFaults.filter(({ mendedIn }) => !isAtLeast(version, mendedIn)) : [];
}

/** The known faults of a version in a sentence; undefined where it has none. */
export function faultsInWords(version: string | undefined): string | undefined {
  const faults = faultsOf(version);
  if (faults.length === 0) return undefined;
  const words = faults.map(({ what, mendedIn }) => `${what} (until ${mendedIn})`);
  return `CooperBench ${version} has known faults: ${words.join("; ")}`;
}

/** The commands that have a stack take the newest version, a line each. */
export const takeNewest = (stack: string) =>
  [
    `  ./machine set ${stack} cooperbenchCommit --default`,
    `  ./machine set ${stack} cooperbenchVersion ${newestVersion}`,
    `  ./machine up ${stack}`,
  ].join("\n");
