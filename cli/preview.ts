import { machine } from "../lib/remedy.ts";
import { isThere } from "../provision/engine/images.ts";
import type { StackCaller } from "./caller.ts";
import { tellUpdate, wholeState } from "./cut-off.ts";
import type { WantedImages } from "./differences.ts";
import { assertEngine } from "./engine.ts";
import { failureLines } from "./failures.ts";
import { type Operation, operate, wantsHelp } from "./operation.ts";
import { showPulumi } from "./pulumi.ts";
import { assertOptions } from "./pulumi-options.ts";
import { assertSecrets } from "./secrets.ts";
import { type Opened, openToolchain, openUnchecked, startedBy } from "./session.ts";
import { differencesToCome, logLine, offParts, pulumiFailed } from "./told.ts";
import { conclude } from "./verdict.ts";

/**
 * `./machine preview STACK`: what differs on this machine, in words; `--diff` and other options of Pulumi's display have its
 * own. Gives 0 where it could be told, and with `--expect-no-changes` where nothing differs.
 */
export async function preview(caller: StackCaller, options: readonly string[]): Promise<number> {
  if (wantsHelp(options)) return showPulumi(await openToolchain(caller), ["preview", "--help"]);
  await assertOptions(caller, "preview", options);
  const state = wholeState(caller);
  tellUpdate(caller);
  const opened = await openUnchecked({ ...caller, state }, { isPreview: true });
  const { readLockedSettings, readSettings } = await import("./stack-settings.ts");
  readSettings(caller);
  // Pulumi's docker plugin would wait for ever for one that takes its questions and never answers.
  const { images } = await assertEngine({ ...opened, startedBy: startedBy(opened) });
  // Only now: a rehearsal's lock is made by its start.
  const { tasks, ...settings } = readLockedSettings(caller);
  const wanted = { tasks, missing: tasks.filter((task) => !isThere(images, task)) };
  const operation = await operate(opened, "preview", {
    ...{ ...wanted, off: offParts(settings) },
    ...{ args: ["--suppress-outputs", "--stack", caller.stack], options },
  });
  if (operation.code !== 0) await assertSecrets(opened);
  return concludePreview(opened, operation, wanted, options);
}

/** The last lines of an operation that did nothing. */
export function concludePreview(
  { stack, output }: Pick<Opened, "stack" | "output">,
  operation: Operation,
  wanted: WantedImages,
  options: readonly string[],
  next = machine("up", stack),
): number {
  const { code, course, isInterrupted } = operation;
  // What a program reads has nothing beside it.
  if (options.some((one) => one === "--json" || one === "-j")) return code;
  if (isInterrupted)
    return conclude(output, {
      outcome: "interrupted",
      text: "nothing was changed",
      next: machine("preview", stack),
    });
  const differ = differencesToCome(operation, wanted);
  output.print(differ.map((line) => `${line}\n`).join(""));
  const number = `${differ.length} ${differ.length === 1 ? "thing differs" : "things differ"}`;
  const isUnexpected = code !== 0 && course.result !== "failed" && differ.length > 0;
  if (isUnexpected)
    return conclude(output, { outcome: "differs", text: `${number}; nothing was changed`, next });
  if (code === 0) {
    const text = differ.length === 0 ? "nothing differs" : `${number}; nothing was changed`;
    return conclude(output, {
      outcome: "done",
      text,
      next: differ.length === 0 ? machine("status", stack) : next,
    });
  }
  const failures = failureLines(wanted.tasks, course.failed);
  const lines = failures.length > 0 ? failures : pulumiFailed(operation);
  output.print(lines.map((line) => `${line}\n`).join("") + logLine(operation));
  const text = "what differs is not known in full";
  return conclude(output, { outcome: "failed", text, next: machine("doctor", stack) });
}
