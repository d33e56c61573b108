import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SubsetTask } from "../../benchmark/smoke-subset.ts";
import { realPlace } from "../../lib/place.ts";
import { removeLeftovers } from "../steps/checkout/beside.ts";
import { checkoutMarker } from "../steps/checkout/marker.ts";
import { removeCheckout } from "../steps/checkout.ts";
import { removeFromDotenv } from "../steps/dotenv.ts";
import { removeSubset } from "../steps/subset.ts";
import { removeVenv } from "../steps/venv.ts";
import { ownersIn } from "./folder-owners.ts";
import type { Owner } from "./owner.ts";

/**
 * Removes what a stack's steps have made in a checkout's folder and beside it, and its state does not know, since an
 * update was cut off. What was left to the user stays.
 *
 * @param smoke tasks of the subset, as the stack writes it.
 */
export async function sweep(
  folder: string,
  owner: Owner,
  smoke: readonly SubsetTask[],
  report: (line: string) => void,
): Promise<void> {
  const place = realPlace(folder);
  await removeLeftovers(place, owner);
  if (!existsSync(place) || checkoutMarker(place)?.left) return;
  const things = ownersIn(place);
  // Of another name is another stack's whose file of settings was copied, or a renamed stack's, whose state has it.
  const isSure = (maker: Owner) =>
    maker.id !== undefined && maker.id === owner.id && maker.stack === owner.stack;
  if (things.length === 0 || !things.every((thing) => isSure(thing.owner))) return;
  report(`removing what an update that was cut off has left in ${place}`);
  const taker = { ...owner, takesAll: true };
  await removeSubset(place, taker, smoke, report);
  await removeFromDotenv(join(place, ".env"), taker);
  await removeVenv(place, taker, report);
  await removeCheckout(place, taker, report);
}
