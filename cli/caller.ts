import type { Environment } from "../lib/environment.ts";
import type { FoundState } from "./state-files.ts";
import type { Output } from "./terminal.ts";

/** Who calls a command. */
export interface Caller {
  /** The variables of the user's shell; of an opened stack, those with the stack's own. */
  readonly env: Environment;
  /** Absolute folder of the project, which Pulumi works in. */
  readonly projectDir: string;
  readonly output: Output;
}

/** A command on a stack. */
export interface StackCaller extends Caller {
  readonly stack: string;
  /** The stack's state, where its file was read already. */
  readonly state?: FoundState | undefined;
}

/** A stack, and where its settings and its state are looked for. */
export type StackPlace = Omit<StackCaller, "output">;
