/**
 * The toolchain: Pulumi with its plugins and language host, Node, uv. `readyToolchain` finds or gets them; the
 * second time it reads a record of what it found and checks that this is still there.
 */
import { assertCanCache } from "../lib/cache-folder.ts";
import { loadRecord, newestRecorded, recordFile } from "./record.ts";
import { readSettings } from "./variables.ts";

/** What a command needs to run Pulumi on this project. */
export interface Toolchain {
  /** Absolute path of the pulumi CLI. */
  readonly pulumi: string;
  /** Variables to set for child processes; PATH begins with the folders of pulumi, Node and uv. */
  readonly env: Readonly<Record<string, string>>;
  /** What is used, one entry a piece: its name, its version, and where it came from. */
  readonly pieces: readonly Piece[];
}

/** One piece of the toolchain. */
export interface Piece {
  readonly name: string;
  readonly version: string;
  readonly from: string;
}

/** What `readyToolchain` needs to know. */
export interface ToolchainOptions {
  /** Folder of the project, with its node_modules. */
  readonly projectDir: string;
  /** Gets a line for each thing that is done; none when everything is ready. */
  readonly report: (line: string) => void;
  /** Variables of the user's shell. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Makes the toolchain ready, or throws an error that says what is missing and what helps. */
export async function readyToolchain({ projectDir, report, env }: ToolchainOptions): Promise<Toolchain> {
  const { settings, file } = lookUp(projectDir, env);
  const known = loadRecord(file, settings, Date.now());
  if (known) return known;
  assertCanCache(env);
  const { prepareToolchain } = await import("./prepare.ts");
  return prepareToolchain(settings, file, report);
}

/**
 * A toolchain to look with, or undefined where there is none yet: the one that is ready for these variables, else the
 * newest that is still there, so that one more program on PATH hides no state. Prepares nothing, and runs nothing;
 * whether the official place could be reached by now does not matter.
 */
export function recordedToolchain({
  projectDir,
  env,
}: Pick<ToolchainOptions, "projectDir" | "env">): Toolchain | undefined {
  const { settings, file } = lookUp(projectDir, env);
  return loadRecord(file, settings) ?? newestRecorded(settings);
}

function lookUp(projectDir: string, env: ToolchainOptions["env"] = process.env) {
  const settings = readSettings(projectDir, env);
  return { settings, file: recordFile(settings) };
}
