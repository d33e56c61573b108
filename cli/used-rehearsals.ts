/** Rehearsals that a stack has used, and that its settings name no more. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MARK } from "../benchmark/stand-ins.ts";
import { machine, remedyText } from "../lib/remedy.ts";
import type { RawConfiguration } from "../program/configuration.ts";
import { type Rehearsal, rehearsalAt } from "../rehearsal/rehearsal.ts";
import { type RehearsalUser, readUsers, removeUser } from "../rehearsal/users.ts";
import { foldersNamed } from "./rehearsal.ts";
import { isSameUser, liveUsers, told } from "./rehearsal-users.ts";
import type { Output } from "./terminal.ts";

/** Where a stack's rehearsals may be looked for. */
export interface UsedPlaces {
  /** The stack, as a rehearsal notes it. */
  readonly user: RehearsalUser;
  /** Of the stack: a changed `dockerHost` leaves the other settings that lead into a rehearsal. */
  readonly configuration: RawConfiguration;
  /** The engines that the stack's state has, as in DOCKER_HOST. */
  readonly hosts: readonly string[];
  /** The one that its settings name; undefined where they name none. */
  readonly rehearsal: Rehearsal | undefined;
}

/** The rehearsals, besides that of its settings, that have the stack noted as their user. */
export function usedBefore({ user, configuration, hosts, rehearsal }: UsedPlaces): readonly Rehearsal[] {
  const { imagesLock, cooperbenchRepository, stackId, redisPort } = configuration;
  return foldersNamed([...hosts, imagesLock, cooperbenchRepository, stackId, redisPort])
    .filter((folder) => folder !== rehearsal?.dir && existsSync(join(folder, MARK)))
    .filter((folder) => readUsers(folder).some((other) => isSameUser(other, user)))
    .map((folder) => rehearsalAt(folder));
}

/** Takes a stack out of the users of rehearsals, and says what becomes of each. */
export function leaveRehearsals(
  rehearsals: readonly Rehearsal[],
  user: RehearsalUser,
  { say }: Pick<Output, "say">,
): void {
  for (const rehearsal of rehearsals) {
    const { dir } = rehearsal;
    for (const other of readUsers(dir)) if (isSameUser(other, user)) removeUser(dir, other);
    const users = liveUsers(rehearsal).map(told);
    const what = `the rehearsal in ${dir}, which stack ${user.stack} used, stays`;
    say(
      users.length > 0
        ? `${what}: ${users.join(", ")} uses it`
        : `${what} with its engine and images, and no stack uses it\n${remedyText(machine("rehearsal", "remove", dir))}`,
    );
  }
}
