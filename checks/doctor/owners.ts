import type { Known } from "../../lib/known.ts";
import { machine } from "../../lib/remedy.ts";
import { type OwnedThing, othersInWords } from "../../provision/ownership/folder-owners.ts";
import type { Owner } from "../../provision/ownership/owner.ts";
import { blocker, type Finding, ok } from "../finding.ts";

/**
 * Whether all in the checkout's folder that says whose it is is this stack's. An update refuses a folder where something
 * is another's, before it touches anything in it.
 *
 * @param others what in the folder is another stack's.
 * @param folder of the checkout, which need not be there.
 */
export function ownersFinding(others: Known<readonly OwnedThing[]>, folder: string, owner: Owner): Finding {
  if ("unknown" in others)
    return blocker("owners", `whose ${folder} is cannot be read: ${others.unknown}`, [
      { advice: "make it readable for this user" },
      { ...machine("set", owner.stack, "cooperbenchDir", "FOLDER"), when: "to use another folder" },
    ]);
  if (others.value.length === 0) return ok("owners", `nothing in ${folder} is another stack's`);
  const { found, remedies } = othersInWords(others.value, folder, owner);
  return blocker("owners", found, remedies);
}
