import { othersIn, othersInWords } from "../../provision/ownership/folder-owners.ts";
import type { Owner } from "../../provision/ownership/owner.ts";
import { blocker, type Finding, ok } from "../finding.ts";

/**
 * Whether all in the checkout's folder that says whose it is is this stack's. An update refuses a folder where something
 * is another's, before it touches anything in it.
 *
 * @param folder of the checkout, which need not be there.
 */
export function ownersFinding(folder: string, owner: Owner): Finding {
  const others = othersIn(folder, owner);
  if (others.length === 0) return ok("owners", `nothing in ${folder} is another stack's`);
  const { found, remedy } = othersInWords(others, folder, owner);
  return blocker("owners", found, remedy);
}
