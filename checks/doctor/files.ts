import { merged } from "../../lib/remedy.ts";
import type { Look } from "../../provision/look.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** Whether files of the user's are where an update would write its own, which it refuses. */
export function filesFinding(refused: Look["refused"], folder: string): Finding {
  if ("unknown" in refused)
    return warning("files", `whether files in ${folder} are in the way is not known: ${refused.unknown}`, {
      advice: "run this as the user whose files these are",
    });
  if (refused.value.length === 0)
    return ok("files", `nothing in ${folder} is where an update writes its own`);
  return blocker(
    "files",
    refused.value.map(({ found }) => found).join("; "),
    merged(refused.value.map(({ remedies }) => remedies)),
  );
}
