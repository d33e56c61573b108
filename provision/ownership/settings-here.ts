import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Owner } from "./owner.ts";

/** Whether a stack has its settings file, with its id, in a project's folder, so that it surely exists. */
export function hasSettings({ stack, id }: Owner, project: string): boolean {
  try {
    return id !== undefined && readFileSync(join(project, `Pulumi.${stack}.yaml`), "utf8").includes(id);
  } catch {
    return false;
  }
}
