import { spreadTasks } from "../benchmark/tasks.ts";
import type { StackCaller } from "./caller.ts";
import { clearPendingOperations, removeLeftovers, takeOver } from "./cut-off.ts";
import { withEvents } from "./events.ts";
import { shortenHistory } from "./history.ts";
import { checkBeforeUpdate } from "./preflight.ts";
import { showPulumi } from "./pulumi.ts";
import { assertSecrets } from "./secrets.ts";
import { openSession } from "./session.ts";
import { ensureStack } from "./stack.ts";
import { summary } from "./summary.ts";

const flags = ["--yes", "--skip-preview", "--continue-on-error", "--suppress-outputs"];

/**
 * `./machine up STACK`: provisions, goes on past what fails, and ends with what is verified. Gives 0 only where all
 * of it is.
 */
export async function up(caller: StackCaller, options: readonly string[]): Promise<number> {
  const session = await openSession(await takeOver(caller));
  const { stack, pulumi, settings, isRehearsal, output } = session;
  const [missing] = await Promise.all([checkBeforeUpdate(session), assertSecrets(session)]);
  await removeLeftovers(session);
  await clearPendingOperations(session);
  await ensureStack(pulumi, stack);

  const [code, events] = await withEvents(session, (log) => {
    // An image that waits for its turn to be pulled holds a place: there are some more, so that probes need not wait.
    const parallel =
      missing.length > 0 ? ["--parallel", String(settings.tasks.length + 8 + settings.smoke)] : [];
    const args = ["up", ...flags, ...parallel, "--stack", stack, "--event-log", log, ...options];
    // What --event-log asks for, as the Automation API sets it.
    return showPulumi(session, args, { brief: true, more: { PULUMI_DEBUG_COMMANDS: "true" } });
  });
  shortenHistory(session);
  const { lines, complete } = summary(
    { stack, tasks: settings.tasks, missing, smoked: spreadTasks(settings.tasks, settings.smoke) },
    events,
    code,
  );
  const kind = isRehearsal ? "rehearsal: stand-in images, no model key\n" : "";
  output.print(`\n${kind}${lines.join("\n")}\n`);
  if (complete) output.print(`next steps: ./machine pulumi stack output readme --stack ${stack}\n`);
  return complete ? 0 : code || 1;
}
