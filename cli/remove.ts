import { existsSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { environmentFor } from "../lib/environment.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { run } from "../lib/run.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import type { Rehearsal } from "../rehearsal/rehearsal.ts";
import { removeUser } from "../rehearsal/users.ts";
import { backendUrl } from "./backend.ts";
import type { StackCaller } from "./caller.ts";
import { userOf } from "./claim.ts";
import type { Given } from "./commands.ts";
import { ask, isAtTerminal } from "./confirm.ts";
import { destroy, outlook } from "./destroy.ts";
import { forgetProofs } from "./proof-record.ts";
import { quietPulumi } from "./pulumi.ts";
import { rehearsalOf, removeUnlessUsed } from "./rehearsal.ts";
import { type Opened, openForPulumi } from "./session.ts";
import { settingsFile } from "./stack-file.ts";
import { readRecord } from "./stack-record.ts";
import { leaveRehearsals, usedBefore } from "./used-rehearsals.ts";
import { conclude } from "./verdict.ts";

/**
 * `./machine remove STACK [--yes]`: destroys what the stack has made, where something is left, and removes the stack and
 * its settings file. It says what goes and what stays, and asks; where nobody can be asked it removes with --yes alone.
 * A settings file that git keeps stays.
 */
export async function remove({ stack, yes }: Given["remove"], caller: StackCaller): Promise<number> {
  const { projectDir, output } = caller;
  const opened = await openForPulumi(caller, true);
  const { configuration } = opened;
  const rehearsal = rehearsalOf({ env: caller.env, configuration });
  const file = settingsFile(projectDir, stack);
  const record = await readRecord(opened);
  // In another backend, it may have made much.
  if (record.kind === "absent")
    throw new Problem(
      `${backendUrl(opened.env)} has no stack ${stack}, so what the stack made is not known. Nothing was changed.`,
      { command: ["rm", file], when: "if it was never brought up, to remove its settings file" },
    );
  const isKept = await isInGit(opened, file);

  const goes = `the stack ${stack}, with its history${isKept ? "" : `, and ${file}, with its settings and key`}`;
  const made = { stack, projectDir, folder: checkoutFolder(projectDir, configuration), rehearsal };
  const isLeft = rehearsal !== undefined && existsSync(rehearsal.dir);
  const lines = [
    ...(record.kind === "made"
      ? outlook(made, { goesOn: true }).split("\n")
      : isLeft
        ? [`goes:  the rehearsal in ${rehearsal.dir}, unless another stack uses it`]
        : []),
    `goes:  ${goes}`,
    ...(isKept ? [`stays: ${basename(file)}, which git keeps`] : []),
  ];
  const first = (line: string) => line.startsWith("goes");
  output.print([...lines.filter(first), ...lines.filter((line) => !first(line)), ""].join("\n"));
  if (!yes && !(isAtTerminal() && (await ask(`Remove stack ${stack}?`))))
    return conclude(output, {
      outcome: "unchanged",
      text: "nobody said yes",
      next: machine("remove", stack, "--yes"),
    });
  if (record.kind === "made") {
    const code = await destroy(caller, ["--yes"], { goesOn: true });
    if (code !== 0) return code;
  } else {
    const user = userOf(opened);
    const before = usedBefore({ user, configuration, rehearsal, hosts: [] });
    if (isLeft) await leave(opened, rehearsal);
    leaveRehearsals(before, user, output);
  }
  await removeFromBackend(opened);
  if (!isKept) rmSync(file, { force: true });
  output.print(`Removed: ${goes}\n`);
  return conclude(output, { outcome: "done", text: `stack ${stack} was removed`, next: machine("list") });
}

/** A stack that made nothing may have started a rehearsal. */
async function leave(opened: Opened, rehearsal: Rehearsal): Promise<void> {
  removeUser(rehearsal.dir, userOf(opened));
  forgetProofs(opened);
  await removeUnlessUsed(rehearsal, opened.output);
}

/** Pulumi itself refuses a stack that still has something. */
async function removeFromBackend({ pulumi, stack }: Opened): Promise<void> {
  const { code, stderr } = await quietPulumi(pulumi, ["stack", "rm", stack, "--yes", "--preserve-config"]);
  if (code !== 0)
    throw new Problem(`stack ${stack} could not be removed:\n${stderr.trim()}`, machine("remove", stack));
}

/** Whether a file is one that git keeps: it is not this project's alone to remove. */
async function isInGit({ projectDir, env }: Opened, file: string): Promise<boolean> {
  const args = ["-C", projectDir, "ls-files", "--error-unmatch", "--", basename(file)];
  return run("git", args, { env: environmentFor("git", env) }).then(
    ({ code }) => code === 0,
    () => false, // no git, so no checkout of it
  );
}
