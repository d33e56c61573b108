import { join } from "node:path";
import { rehearsalFolder } from "../benchmark/stand-ins.ts";
import { isSamePlace } from "../lib/place.ts";
import { machine } from "../lib/remedy.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import type { StackCaller } from "./caller.ts";
import { userOf } from "./claim.ts";
import type { Course } from "./course.ts";
import { clearPendingOperations, removeLeftovers, takeOver } from "./cut-off.ts";
import { hasMoved, unmanagedImages } from "./differences.ts";
import { failureLines } from "./failures.ts";
import { oneLine } from "./findings.ts";
import { shortenHistory } from "./history.ts";
import { ownerIn } from "./identity.ts";
import { printJson } from "./json.ts";
import { liveRun, runInTheWay } from "./live-runs.ts";
import { isPreview, type Operation, operate, wantsHelp } from "./operation.ts";
import { calledBy } from "./parts.ts";
import { checkBeforeUpdate } from "./preflight.ts";
import { concludePreview } from "./preview.ts";
import { recordProofs } from "./proof-record.ts";
import { showPulumi } from "./pulumi.ts";
import { assertOptions } from "./pulumi-options.ts";
import { assertSecrets } from "./secrets.ts";
import { openSession, openToolchain, type Session } from "./session.ts";
import { ensureStack } from "./stack.ts";
import { inTheWay, lookAtStack, ofProofs } from "./status.ts";
import { failedText, installedText, type Summary, summaryOf, type Wanted } from "./summary.ts";
import {
  differencesDone,
  differencesToCome,
  isLocked,
  logLine,
  notBegun,
  offParts,
  pulumiFailed,
} from "./told.ts";
import { leaveRehearsals, usedBefore } from "./used-rehearsals.ts";
import { codeOf, conclude, readiness, type Verdict, verdictJson } from "./verdict.ts";
import { withoutKey } from "./without-key.ts";

const flags = ["--yes", "--skip-preview", "--continue-on-error", "--suppress-outputs"];

/**
 * `./machine up STACK [--json]`: provisions, goes on past what fails, and ends with what is verified, and what is in the way
 * of a run. Gives 0 where its steps have passed, be it those that were asked for alone.
 */
export async function up(caller: StackCaller, given: readonly string[]): Promise<number> {
  const isForProgram = given.some((one) => one === "--json" || one === "-j");
  const options = given.filter((one) => one !== "--json" && one !== "-j");
  if (wantsHelp(options)) return showPulumi(await openToolchain(caller), ["up", "--help"]);
  await assertOptions(caller, "up", options);
  const session = await openSession(await takeOver(caller));
  const { stack, pulumi, settings, output } = session;
  const [missing] = await Promise.all([checkBeforeUpdate(session), assertSecrets(session)]);
  await removeLeftovers(session);
  await clearPendingOperations(session);
  await ensureStack(pulumi, stack);

  const wanted: Wanted = { stack, tasks: settings.tasks, missing, oracleTasks: settings.oracleTasks };
  if (!isPreview("up", options)) await assertRunsKeep(session, wanted, options);

  const startedAt = new Date().toISOString();
  // An image that waits for its turn to be pulled holds a place: there are some more, so that probes need not wait.
  const parallel =
    missing.length > 0 ? ["--parallel", String(settings.tasks.length + 8 + settings.oracleTasks)] : [];
  const operation = await operate(session, "up", {
    ...{ ...wanted, off: offParts(settings), isForProgram },
    ...{ args: [...flags, ...parallel, "--stack", stack], options },
  });
  shortenHistory(session);
  const { course } = operation;
  if (course.isPreview) return concludePreview(session, operation, wanted, options);
  const summary = summaryOf(wanted, course);
  if (operation.code === 0) leaveOldEngine(session, course);
  if (course.hasBegun) recordUpdate(session, startedAt, operation, summary.failures);
  const print = isForProgram ? output.note : output.print;
  const lines = [
    ...differencesDone(operation, wanted),
    ...unmanagedImages(course),
    ...failureLines(wanted.tasks, Object.entries(summary.failures)),
    ...(Object.keys(summary.failures).length === 0 ? pulumiFailed(operation) : []),
  ];
  print(lines.map((line) => `${line}\n`).join(""));
  const verdict = await verdictOf(caller, session, operation, summary, wanted, print);
  print(logLine(operation));
  if (!isForProgram) return conclude(output, verdict);
  const { images, oracles, failures } = summary;
  const told = { stack, ...verdictJson(verdict), images, oracles, failures, log: operation.log };
  printJson(output, "up", told);
  return codeOf(verdict);
}

/**
 * Has an update that would change something wait for the runs that are going on: it would take environment and services
 * away from them.
 *
 * @throws a Problem that says what it would change.
 */
async function assertRunsKeep(session: Session, wanted: Wanted, given: readonly string[]): Promise<void> {
  const { stack, projectDir, settings } = session;
  const folder = checkoutFolder(projectDir, settings);
  const run = await liveRun({ ...session, owner: ownerIn(session), folder });
  if (run === undefined) return;
  const look = await operate(session, "preview", {
    ...{ ...wanted, off: offParts(settings), isForProgram: true },
    ...{
      args: ["--suppress-outputs", "--stack", stack],
      options: given.filter((one) => !ofUpdatesAlone.has(one)),
    },
  });
  const differ = differencesToCome(look, wanted);
  if (look.code === 0 && differ.length === 0) return;
  const why = `this update would change ${differ.length === 0 ? "what is not known" : `this: ${differ.join("; ")}`}`;
  throw runInTheWay(run, why, machine("up", stack));
}

/** Options of an update that a preview does not have. One that it has not either, and is not here, makes it fail. */
const ofUpdatesAlone = new Set(["--yes", "-y", "--skip-preview", "-f", "--continue-on-error"]);

async function verdictOf(
  caller: StackCaller,
  { stack, isRehearsal }: Session,
  operation: Operation,
  summary: Summary,
  wanted: Wanted,
  print: (text: string) => void,
): Promise<Verdict> {
  const { code, course, isInterrupted } = operation;
  const again = machine("up", stack);
  if (isInterrupted) return { outcome: "interrupted", text: summary.text, next: again };
  if (!course.hasBegun && code !== 0)
    return {
      outcome: "unchanged",
      text: notBegun(operation),
      next: machine(isLocked(operation) ? "status" : "doctor", stack),
    };
  if (code !== 0) {
    const hasFailures = Object.keys(summary.failures).length > 0;
    const why = hasFailures ? failedText(summary, wanted) : "Pulumi failed";
    return { outcome: "notReady", text: `${why}; ${summary.text}`, next: machine("doctor", stack) };
  }
  const { checks, isReady } = await lookAtStack(caller);
  // What warnings of others say, the update has said before it began.
  for (const told of checks.filter(({ level, check }) => level === "warning" && ofProofs.includes(check)))
    print(`${oneLine(told)}\n`);
  if (!isReady) {
    const blockers = inTheWay({ checks });
    const text = blockers.map(({ check, found }) => `${check}: ${found}`).join("; ");
    // Until its end the Redis of the engine before has had the port that the new engine's is to have.
    const mustMove = blockers.some(({ check }) => check === "services") && hasMoved(course);
    return mustMove
      ? { outcome: "provisioned", text: `${text}; the next update makes the services here`, next: again }
      : { outcome: "provisioned", text, next: machine("status", stack) };
  }
  // Of a log of events that was cut off no numbers are told: the look has found that all is there.
  const counted = course.result === undefined ? "" : `${summary.text}; `;
  return {
    outcome: readiness(true, isRehearsal),
    text: `${counted}${installedText(stack, course) ?? "every proof holds"}`,
    next: machine("plan", stack),
  };
}

/** Of a rehearsal that the stack has left for another engine it is said that it is there. */
function leaveOldEngine(session: Session, { steps }: Course): void {
  const { host } = steps.get("images-engine")?.oldInputs ?? {};
  const user = userOf(session);
  const { configuration, rehearsal, output } = session;
  const here = rehearsalFolder(session.dockerHost) ?? "";
  const before = usedBefore({ user, configuration, rehearsal, hosts: [String(host)] });
  // The same one by another name of its socket is not left.
  leaveRehearsals(
    before.filter(({ dir }) => !isSamePlace(dir, here)),
    user,
    output,
  );
}

/** Records what failed, for the status. What this update did not come to is as it was. */
function recordUpdate(
  session: Session,
  startedAt: string,
  { course: { steps }, isInterrupted }: Operation,
  failures: Summary["failures"],
): void {
  const endedAt = new Date().toISOString();
  const dotenv = join(checkoutFolder(session.projectDir, session.settings), ".env");
  const failed = Object.entries(failures).map(([name, problem]) => {
    const told = withoutKey(problem, dotenv).slice(0, keptLetters);
    return [name, { at: endedAt, problem: told, thing: calledBy(session.settings.tasks, name) }] as const;
  });
  recordProofs(session, (record) => {
    const before = Object.entries(record.failures).filter(([name]) => steps.get(name)?.state !== "done");
    return {
      ...record,
      update: { startedAt, endedAt, isInterrupted },
      failures: Object.fromEntries([...before, ...failed]),
    };
  });
}

/** Letters of a step's failure that are recorded. */
const keptLetters = 2000;
