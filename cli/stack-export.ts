/** A stack's state as Pulumi exports it. */

import { z } from "zod";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { type Pulumi, quietPulumi } from "./pulumi.ts";

const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  provider: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  dependencies: z.array(z.string()).optional(),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).optional(),
  deletedWith: z.string().optional(),
});
const exported = z.looseObject({
  deployment: z.looseObject({ resources: z.array(resource).nullish() }),
});

/** An exported state, with all that is not looked at here. */
export type ExportedState = z.infer<typeof exported>;

/** A resource in it. */
export type ExportedResource = z.infer<typeof resource>;

/** Reads what Pulumi has exported. @throws an error where it is none. */
export function readExport(text: string): ExportedState {
  return exported.parse(JSON.parse(text));
}

/** The resources of a stack's state. @throws a Problem where it cannot be read. */
export async function resourcesOf(pulumi: Pulumi, stack: string): Promise<readonly ExportedResource[]> {
  const unread = (why: string) =>
    new Problem(`the state of stack ${stack} cannot be read:\n${why}`, {
      ...machine("pulumi", "stack", "--stack", stack),
      when: "to have Pulumi read it",
    });
  const { code, stdout, stderr } = await quietPulumi(pulumi, ["stack", "export", "--stack", stack]);
  if (code !== 0) throw unread(stderr.trim());
  try {
    return readExport(stdout).deployment.resources ?? [];
  } catch (error) {
    throw unread((error as Error).message);
  }
}
