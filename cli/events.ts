import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withTemporaryFolder } from "../provision/ownership/temporary.ts";
import { type ConfiguredStack, identityOf } from "./identity.ts";

interface EngineEvent {
  readonly summaryEvent?: { readonly resourceChanges: Readonly<Record<string, number>> };
  readonly resOutputsEvent?: { readonly metadata: ResourceStep };
  readonly resOpFailedEvent?: { readonly metadata: ResourceStep };
  readonly diagnosticEvent?: { readonly urn?: string; readonly severity: string; readonly message: string };
}
interface ResourceStep {
  readonly op: string;
  readonly urn: string;
  readonly new?: { readonly outputs?: Readonly<Record<string, unknown>> };
}

/** What an update did, as the engine's own events tell it. Secrets are masked in them. */
export interface UpdateEvents {
  /** How many resources were created, updated, deleted, …; `same` is those left as they are. */
  readonly changes: Readonly<Record<string, number>>;
  /** The outputs of every resource that is now as the program wants it, by its name. */
  readonly ready: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** The error of every resource that failed, by its name. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Runs something with the path of an event log in a private folder of a stack, and reads the log afterwards. */
export function withEvents(
  stack: ConfiguredStack,
  run: (file: string) => Promise<number>,
): Promise<[number, UpdateEvents]> {
  return withTemporaryFolder(identityOf(stack), async (folder) => {
    const file = join(folder, "events.json");
    const code = await run(file);
    return [code, readEvents(existsSync(file) ? readFileSync(file, "utf8") : "")];
  });
}

/** Reads an event log: one event in JSON a line. What a kill or a full disk has cut off is left out. */
export function readEvents(log: string): UpdateEvents {
  const events = log.split("\n").flatMap((line) => readEvent(line) ?? []);
  const ready = new Map<string, Readonly<Record<string, unknown>>>();
  const failed = new Map<string, string>();
  for (const { resOutputsEvent, resOpFailedEvent, diagnosticEvent } of events) {
    const step = resOutputsEvent?.metadata;
    // A refresh tells what is there, not that it is as the program wants it.
    if (step !== undefined && step.op !== "refresh" && !step.op.startsWith("delete")) {
      ready.set(nameOf(step.urn), step.new?.outputs ?? {});
    }
    if (resOpFailedEvent !== undefined) ready.delete(nameOf(resOpFailedEvent.metadata.urn));
    if (diagnosticEvent?.severity === "error" && diagnosticEvent.urn) {
      failed.set(nameOf(diagnosticEvent.urn), plain(diagnosticEvent.message));
    }
  }
  const changes = events.findLast((event) => event.summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  return { changes, ready, failed };
}

function readEvent(line: string): EngineEvent | undefined {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined;
  }
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

/** A message without Pulumi's colour tags, and without the command line that a failed command's error begins with. */
function plain(message: string): string {
  const said = message
    .replaceAll(/<\{%[^%]*%\}>/g, "")
    .replace(/^(exit status \d+|signal: [^:]+): running ".*":\n?/, "")
    .trim();
  return said === "" ? "it was interrupted" : said;
}
