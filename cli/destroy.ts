import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import type { Rehearsal } from "../rehearsal/rehearsal.ts";
import { type RehearsalUser, removeUser } from "../rehearsal/users.ts";
import { ask, isAtTerminal } from "./ask.ts";
import { userOf } from "./claim.ts";
import { clearPendingOperations, removeLeftovers, takeOver } from "./cut-off.ts";
import { shortenHistory } from "./history.ts";
import { pulumi } from "./pulumi.ts";
import { rehearsalOf, stopUnlessUsed } from "./rehearsal.ts";
import { liveUsers } from "./rehearsal-users.ts";
import { openToolchain, openUnchecked, projectDir } from "./session.ts";
import { readConfiguration, settingsFile, stackConfigurations } from "./stack-file.ts";
import { readRecord } from "./stack-record.ts";
import { announceDestroy, isWhole, sweepStack } from "./whole-stack.ts";

/**
 * `./machine destroy STACK`: removes what the stack made, and a rehearsal that no other stack uses. At a terminal it says
 * what goes and what stays, and asks. Whether anything is left, its state says, and not how Pulumi ended.
 */
export async function destroy(stack: string, options: readonly string[]): Promise<number> {
  if (options.some((one) => /^--remove(=|$)/.test(one)))
    throw new Problem(
      `--remove is left to a command of its own, once nothing of the stack is left. Nothing was changed.\nFix: ./machine destroy ${stack}, then:\n  ./machine pulumi stack rm ${stack}`,
    );
  const configuration = readConfiguration(projectDir, stack);
  const run = (executable: string) =>
    pulumi(
      executable,
      ["destroy", ...(isPreview(options) ? [] : flags), "--stack", stack, ...withoutYes(options)],
      true,
    );
  if (isHelp(options)) return run((await openToolchain()).pulumi);

  const rehearsal = rehearsalOf(configuration);
  const folder = folderOf(configuration);
  const plan = { stack, folder, isThere: existsSync(folder), rehearsal };
  if (isAtTerminal() && !isPreview(options) && !isSaidYes(options)) {
    process.stdout.write(`${outlook(plan)}\n`);
    if (!(await ask(`Destroy stack ${stack}?`))) {
      process.stdout.write("nothing was changed\n");
      return 1;
    }
  }
  await takeOver(stack);
  const { toolchain, dockerHost } = await openUnchecked(stack);
  await removeLeftovers(dockerHost, stack);
  const cutOff = await clearPendingOperations(toolchain.pulumi, stack);
  const user = userOf({ projectDir, stack, configuration });
  if (isWhole(options)) announceDestroy(stack);
  const code = await run(toolchain.pulumi);
  shortenHistory(stack);
  if (code === 0 && isWhole(options)) await sweepStack(stack);
  // What is on the engine, the state alone knows.
  const left = cutOff.filter((name) => name.startsWith("coop-"));
  if (left.length > 0)
    process.stderr.write(
      `machine: ${left.join(", ")} may be left: an update was cut off while it made them. To remove them: ./machine up ${stack}, then ./machine destroy ${stack}\n`,
    );
  const record = await readRecord(projectDir, stack, toolchain.pulumi);
  if (record.kind === "made" || isPreview(options)) return code;

  let isDown = false;
  if (rehearsal !== undefined) {
    removeUser(rehearsal.dir, user);
    isDown = (await othersOfProject(stack, rehearsal, toolchain.pulumi))
      ? false
      : await stopUnlessUsed(rehearsal);
  }
  process.stdout.write(`${outcome(plan, isDown)}\n`);
  return code;
}

const flags = ["--yes", "--skip-preview", "--suppress-outputs"];

interface Plan {
  readonly stack: string;
  /** Folder of the checkout. */
  readonly folder: string;
  /** Whether it was there before. */
  readonly isThere: boolean;
  readonly rehearsal: Rehearsal | undefined;
}

const isHelp = (options: readonly string[]) => options.some((one) => one === "--help" || one === "-h");
const isPreview = (options: readonly string[]) => options.some((one) => /^--preview-only(=true)?$/.test(one));
const isSaidYes = (options: readonly string[]) => options.some((one) => /^(-y|--yes(=true)?)$/.test(one));
// Pulumi is given it once, whether it was asked here or there.
const withoutYes = (options: readonly string[]) => options.filter((one) => !/^(-y|--yes)$/.test(one));
const folderOf = ({ cooperbenchDir }: Readonly<Record<string, unknown>>) =>
  realPlace(resolve(projectDir, String(cooperbenchDir)));

/** What goes and what stays, before it is done. */
function outlook({ stack, folder, rehearsal }: Plan): string {
  const isOther = (user: RehearsalUser) => user.stack !== stack || user.projectDir !== realPlace(projectDir);
  const others = rehearsal === undefined ? [] : liveUsers(rehearsal).filter(isOther);
  const goes = [
    `what stack ${stack} made in ${folder}: the checkout where it holds nothing of yours, its environment, the lines in .env`,
    "the services that it made",
    ...(rehearsal !== undefined && others.length === 0
      ? [`the rehearsal in ${rehearsal.dir}, with its engine and images, unless another stack uses it`]
      : []),
  ];
  const stays = [
    ...(rehearsal === undefined || others.length > 0 ? ["the images on the engine"] : []),
    "what you made",
    basename(settingsFile(projectDir, stack)),
  ];
  return [...goes.map((line) => `goes:  ${line}`), ...stays.map((line) => `stays: ${line}`)].join("\n");
}

/** What is gone and what is left, after it is done. */
function outcome({ stack, folder, isThere, rehearsal }: Plan, isDown: boolean): string {
  const removed = [
    ...(isThere && !existsSync(folder) ? [folder] : []),
    ...(isDown && rehearsal !== undefined ? [rehearsal.dir] : []),
  ];
  const left = [
    ...(existsSync(folder) ? [`${folder} (see above why)`] : []),
    ...(isDown ? [] : ["the images on the engine"]),
    basename(settingsFile(projectDir, stack)),
  ];
  return [
    ...(removed.length > 0 ? [`Removed: ${removed.join(", ")}`] : []),
    `Left: ${left.join(", ")}`,
    `To remove the stack and its settings as well: ./machine pulumi stack rm ${stack}`,
  ].join("\n");
}

/** Whether another stack of this project still has something in the rehearsal: an older one is noted nowhere. */
async function othersOfProject(stack: string, rehearsal: Rehearsal, executable: string): Promise<boolean> {
  const others = stackConfigurations(projectDir).filter(
    (one) => one.stack !== stack && rehearsalOf(one.configuration)?.dir === rehearsal.dir,
  );
  for (const other of others) {
    const { kind } = await readRecord(projectDir, other.stack, executable);
    if (kind !== "made") continue;
    process.stderr.write(
      `machine: the rehearsal in ${rehearsal.dir} stays up: stack ${other.stack} uses it\n`,
    );
    return true;
  }
  return false;
}
