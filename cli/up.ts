import { join } from "node:path";
import { spreadTasks } from "../benchmark/tasks.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import type { StackCaller } from "./caller.ts";
import { clearPendingOperations, removeLeftovers, takeOver } from "./cut-off.ts";
import { type UpdateEvents, withEvents } from "./events.ts";
import { oneLine } from "./findings.ts";
import { shortenHistory } from "./history.ts";
import { checkBeforeUpdate } from "./preflight.ts";
import { recordProofs } from "./proof-record.ts";
import { showPulumi } from "./pulumi.ts";
import { assertSecrets } from "./secrets.ts";
import { openSession, type Session } from "./session.ts";
import { ensureStack } from "./stack.ts";
import { inTheWay, lookAtStack, ofProofs } from "./status.ts";
import { readyLine, type Summary, summary } from "./summary.ts";
import { withoutKey } from "./without-key.ts";

const flags = ["--yes", "--skip-preview", "--continue-on-error", "--suppress-outputs"];

/**
 * `./machine up STACK`: provisions, goes on past what fails, and ends with what is verified, and what is in the way of a
 * run. Gives 0 where its steps have passed, be it those that were asked for alone.
 */
export async function up(caller: StackCaller, options: readonly string[]): Promise<number> {
  const session = await openSession(await takeOver(caller));
  const { stack, pulumi, settings, isRehearsal, output } = session;
  const [missing] = await Promise.all([checkBeforeUpdate(session), assertSecrets(session)]);
  await removeLeftovers(session);
  await clearPendingOperations(session);
  await ensureStack(pulumi, stack);

  const startedAt = new Date().toISOString();
  const [code, events] = await withEvents(session, (log) => {
    // An image that waits for its turn to be pulled holds a place: there are some more, so that probes need not wait.
    const parallel =
      missing.length > 0 ? ["--parallel", String(settings.tasks.length + 8 + settings.oracleTasks)] : [];
    const args = ["up", ...flags, ...parallel, "--stack", stack, "--event-log", log, ...options];
    // What --event-log asks for, as the Automation API sets it.
    return showPulumi(session, args, { brief: true, more: { PULUMI_DEBUG_COMMANDS: "true" } });
  });
  shortenHistory(session);
  // A question to Pulumi, such as --help, did nothing.
  if (code === 0 && events.ready.size === 0) return 0;
  const { lines, failures } = summary(
    { stack, tasks: settings.tasks, missing, smoked: spreadTasks(settings.tasks, settings.oracleTasks) },
    events,
  );
  recordUpdate(session, startedAt, events, failures);
  const kind = isRehearsal ? "rehearsal: stand-in images, no model key\n" : "";
  output.print(`\n${kind}${lines.join("\n")}\n`);
  if (code !== 0) return code;
  const { checks, isReady } = await lookAtStack(caller);
  // What warnings of others say, the update has said before it began.
  for (const told of checks.filter(({ level, check }) => level === "warning" && ofProofs.includes(check)))
    output.print(`${oneLine(told)}\n`);
  const ready = readyLine(stack, events, inTheWay({ checks }));
  if (ready !== undefined) output.print(`${ready}\n`);
  output.print(
    isReady
      ? `next steps: ./machine pulumi stack output readme --stack ${stack}\n`
      : `what to do: ./machine status ${stack}\n`,
  );
  return 0;
}

/** Records what failed, for the status. What this update did not come to is as it was. */
function recordUpdate(
  session: Session,
  startedAt: string,
  { ready }: UpdateEvents,
  failures: Summary["failures"],
): void {
  const endedAt = new Date().toISOString();
  const dotenv = join(checkoutFolder(session.projectDir, session.settings), ".env");
  const failed = Object.entries(failures).map(([name, problem]) => {
    const told = withoutKey(problem, dotenv).slice(0, keptLetters);
    return [name, { at: endedAt, problem: told }] as const;
  });
  recordProofs(session, (record) => {
    const before = Object.entries(record.failures).filter(([name]) => !ready.has(name));
    return {
      ...record,
      update: { startedAt, endedAt },
      failures: Object.fromEntries([...before, ...failed]),
    };
  });
}

/** Letters of a step's failure that are recorded. */
const keptLetters = 2000;
