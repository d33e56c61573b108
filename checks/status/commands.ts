/** What commands have found of a machine, and when: each as it was then. Whether that still holds, the checks tell. */
import type { StackState } from "./proofs.ts";

/** What a command has found the last time. */
export interface CommandProof {
  readonly command: "up" | "verify" | "oracle" | "demo";
  /** When it ended, in ISO 8601. */
  readonly at: string;
  /** Whether all that it tried has passed. */
  readonly isPassed: boolean;
  readonly found: string;
}

/** What commands have found, the newest first. */
export function commandProofs({
  last,
  recorded,
}: Pick<StackState, "last" | "recorded">): readonly CommandProof[] {
  const commands = Object.entries(recorded?.commands ?? {}).map(([command, found]) => ({
    command: command as keyof NonNullable<typeof recorded>["commands"],
    ...found,
  }));
  const up: readonly CommandProof[] =
    last?.kind === "update"
      ? [
          {
            ...{ command: "up", at: last.endedAt, isPassed: last.result === "succeeded" },
            found: `the update ${last.result}`,
          },
        ]
      : [];
  return [...commands, ...up].toSorted((a, b) => (a.at < b.at ? 1 : -1));
}
