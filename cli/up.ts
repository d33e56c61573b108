import { spreadTasks } from "../benchmark/tasks.ts";
import { checkBeforeUpdate } from "./checks.ts";
import { clearPendingOperations, removeLeftovers, takeOver } from "./cut-off.ts";
import { withEvents } from "./events.ts";
import { shortenHistory } from "./history.ts";
import { pulumi } from "./pulumi.ts";
import { openSession } from "./session.ts";
import { ensureStack } from "./stack.ts";
import { summary } from "./summary.ts";

const flags = ["--yes", "--skip-preview", "--continue-on-error", "--suppress-outputs"];

/**
 * `./machine up STACK`: provisions, goes on past what fails, and ends with what is verified. Gives 0 only where all
 * of it is.
 */
export async function up(stack: string, options: readonly string[]): Promise<number> {
  await takeOver(stack);
  const session = await openSession(stack);
  const { toolchain, settings, isRehearsal } = session;
  const missing = await checkBeforeUpdate(session);
  await removeLeftovers(session.dockerHost, stack);
  await clearPendingOperations(toolchain.pulumi, stack);
  await ensureStack(toolchain.pulumi, stack);

  const [code, events] = await withEvents(stack, (log) => {
    process.env.PULUMI_DEBUG_COMMANDS = "true"; // what --event-log asks for, as the Automation API sets it
    // An image that waits for its turn to be pulled holds a place: there are some more, so that probes need not wait.
    const parallel =
      missing.length > 0 ? ["--parallel", String(settings.tasks.length + 8 + settings.smoke)] : [];
    const args = ["up", ...flags, ...parallel, "--stack", stack, "--event-log", log, ...options];
    return pulumi(toolchain.pulumi, args, true);
  });
  shortenHistory(stack);
  const { lines, complete } = summary(
    { stack, tasks: settings.tasks, missing, smoked: spreadTasks(settings.tasks, settings.smoke) },
    events,
    code,
  );
  const kind = isRehearsal ? "rehearsal: stand-in images, no model key\n" : "";
  process.stdout.write(`\n${kind}${lines.join("\n")}\n`);
  if (complete) process.stdout.write(`next steps: ./machine pulumi stack output readme --stack ${stack}\n`);
  return complete ? 0 : code || 1;
}
