/** What every operation of Pulumi tells at its end. */
import type { Settings } from "../program/settings.ts";
import { differences, inLines, unmanagedImages, type WantedImages } from "./differences.ts";
import type { Operation } from "./operation.ts";
import type { PartName } from "./parts.ts";

/** What was done, in words, where it was not told line by line. */
export function differencesDone({ course, isTold }: Operation, wanted: WantedImages): readonly string[] {
  const done = isTold ? [] : differences(course, wanted).filter(({ progress }) => progress !== "under way");
  return inLines(done, "done");
}

/** What will be done, in words. */
export function differencesToCome({ course }: Operation, wanted: WantedImages): readonly string[] {
  return [...inLines(differences(course, wanted), "will"), ...unmanagedImages(course)];
}

/** What Pulumi, or the program, says of a failure that is of no resource. */
export function pulumiFailed({ code, course, said }: Operation): readonly string[] {
  if (code === 0) return [];
  const errors = course.errors.length > 0 ? course.errors : said === "" ? [] : [said];
  return [...new Set(errors)].map((error) => `failed: ${error.replace(/^error: /, "")}`);
}

/** Where all that Pulumi said is. */
export function logLine({ log }: Pick<Operation, "log">): string {
  return log === undefined ? "" : `Log: ${log}\n`;
}

/** The parts that a stack does not have. */
export function offParts({ coop, oracleTasks }: Pick<Settings, "coop" | "oracleTasks">): readonly PartName[] {
  return [...(coop ? [] : ["services" as const]), ...(oracleTasks > 0 ? [] : ["oracle" as const])];
}
