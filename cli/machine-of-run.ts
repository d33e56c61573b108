/** The file of what a run was started on: written, and compared with the machine as it is. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defaultLockFile } from "../benchmark/images-lock.ts";
import {
  type Difference,
  differences,
  type MachineFile,
  machineFileName,
  machineNow,
  readMachineFile,
} from "../checks/status/machine-file.ts";
import type { MachineStatus } from "../checks/status/status.ts";
import { digestOf } from "../lib/digest.ts";
import { writeWhole } from "../lib/files.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { headIn } from "../provision/steps/checkout/inspect.ts";
import { datasetContent } from "../provision/steps/task-dataset.ts";
import type { StackCaller } from "./caller.ts";
import { readLockedSettings } from "./stack-settings.ts";
import { withoutKey } from "./without-key.ts";

/** What is in the place of such a file. */
export type FoundMachine = MachineFile | "none" | "unreadable";

/** The machine of a stack as it is, as a run would have it. */
export function machineOf(
  caller: StackCaller,
  status: MachineStatus,
  run: MachineFile["run"] = { setting: "", arguments: [] },
): MachineFile {
  const settings = readLockedSettings(caller);
  const { tasks, imagesLock, modelApiBase } = settings;
  const checkout = checkoutFolder(caller.projectDir, settings);
  const lock = resolve(caller.projectDir, imagesLock || defaultLockFile);
  const more = {
    dataset: datasetContent(checkout, tasks),
    lock: existsSync(lock) ? digestOf(readFileSync(lock)) : null,
    commit: headIn(checkout),
    modelApiBase,
  };
  return machineNow(status, more, run);
}

/** What the folder of a run says that it was started on. */
export function readMachineOf(folder: string): FoundMachine {
  const file = join(folder, machineFileName);
  if (!existsSync(file)) return "none";
  try {
    return readMachineFile(readFileSync(file, "utf8")) ?? "unreadable";
  } catch {
    return "unreadable";
  }
}

/** Writes what a run is started on into its folder, which is made. */
export function writeMachineOf(folder: string, machine: MachineFile, dotenv: string): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, machineFileName), withoutKey(`${JSON.stringify(machine, null, 2)}\n`, dotenv));
}

/** How the machine of a stack differs from what a run was started on. */
export function changesSince(
  machine: MachineFile,
  caller: StackCaller,
  status: MachineStatus,
): readonly Difference[] {
  return differences(machine, machineOf(caller, status));
}

/** A difference in a line. */
export function told({ part, was, is }: Difference): string {
  return `${part}: was ${was}, is ${is}`;
}
