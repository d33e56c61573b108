import { isAbsolute } from "node:path";
import type { Environment } from "../lib/environment.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import type { RawConfiguration } from "../program/configuration.ts";
import { dockerHostOf } from "../provision/engine/host.ts";
import { gitNames, redisContainer } from "../provision/engine/service-names.ts";
import { ownersIn } from "../provision/ownership/folder-owners.ts";
import { isOf, type Owner, ownerName } from "../provision/ownership/owner.ts";
import type { RehearsalUser } from "../rehearsal/users.ts";

/** Where a stack's things would be. */
interface Places {
  readonly projectDir: string;
  readonly configuration: RawConfiguration;
  readonly env: Environment;
}

/**
 * What on this machine says, in words, that a stack has made or uses it: the markers in its checkout's folder, the labels
 * of its services on a local engine, and the rehearsal's notes.
 *
 * @param others that use its rehearsal.
 */
export async function thingsOf(
  owner: Owner,
  { projectDir, configuration, env }: Places,
  others: readonly RehearsalUser[],
): Promise<readonly string[]> {
  const folder = checkoutFolder(projectDir, configuration);
  // A rehearsal that was made anew has no id yet: then the name has to do.
  const isNameEnough = owner.id === undefined && isAbsolute(String(configuration.stackId ?? ""));
  const made = [...ownersIn(folder), ...(await servicesAt(configuration, env))];
  return [
    ...made
      .filter(({ owner: maker }) => isOf(maker, owner) || (isNameEnough && maker.stack === owner.stack))
      .map(({ path, owner: maker }) => `${path} was made by stack ${ownerName(maker)}`),
    ...others
      .filter((user) => user.id !== undefined && user.id === owner.id)
      .map((user) => `stack ${user.stack} of ${user.projectDir} (${user.backend}) has the same id`),
  ];
}

/** The containers of the services; an engine elsewhere is not asked, which may take long to say that it is not there. */
async function servicesAt({ coop, dockerHost }: RawConfiguration, env: Environment) {
  const host = dockerHostOf(String(dockerHost ?? ""), env);
  if (String(coop) !== "true" || !host.startsWith("unix:")) return [];
  const { containerAt } = await import("../provision/engine/owned.ts");
  const names = [redisContainer, gitNames.container];
  // An engine that does not answer, as a rehearsal's before its start, is for whoever works with it to tell.
  const found = await Promise.all(names.map((name) => containerAt(host, name).catch(() => undefined)));
  return found.flatMap((container, at) =>
    container?.owner === undefined ? [] : [{ path: `the container ${names[at]}`, owner: container.owner }],
  );
}
