import { list } from "../../../lib/list.ts";
import type { Owner } from "../../ownership/owner.ts";
import { headOf } from "./git.ts";
import type { CheckoutMarker } from "./marker.ts";
import { ownCommits, ownTags } from "./work-commits.ts";
import { changedFiles, hiddenChanges, otherFiles } from "./work-files.ts";
import { ownSettings } from "./work-settings.ts";

/**
 * What the user has done in a checkout that the stack made and that would be lost or be in the way, in words that name
 * it; undefined where there is nothing.
 *
 * @param before what is to be done: a move keeps files that git ignores, a removal does not.
 */
export async function workIn(
  folder: string,
  marker: CheckoutMarker,
  owner: Owner,
  before: "move" | "removal",
): Promise<string | undefined> {
  // First, since git runs what it names: a filter, for one, when it looks at files.
  const settings = await ownSettings(folder, marker);
  if (settings.length > 0) return `it has settings of its own (${list(settings)})`;
  const found: string[] = [];
  const say = (what: string, names: readonly string[]) =>
    names.length > 0 && found.push(`it has ${what} (${list(names)})`);

  const head = await headOf(folder);
  if (head !== marker.commit) found.push(`its HEAD was moved to ${head}`);
  say("changes", await changedFiles(folder, before === "move" ? owner : undefined));
  say("changes in files that git was set not to look at", await hiddenChanges(folder));
  const { stashes, commits } = await ownCommits(folder, marker);
  say("stashed changes", stashes);
  say("commits of its own", commits);
  say("tags of its own", await ownTags(folder, marker));
  if (before === "removal") say("files that the stack did not make", await otherFiles(folder));
  return found.length > 0 ? found.join(", ") : undefined;
}
