import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface EngineEvent {
  readonly summaryEvent?: { readonly resourceChanges: Readonly<Record<string, number>> };
  readonly resOutputsEvent?: { readonly metadata: ResourceStep };
}
interface ResourceStep {
  readonly urn: string;
  readonly new?: { readonly outputs?: Readonly<Record<string, unknown>> };
}

/** What an update did, as the engine's own events tell it. Secrets are masked in them. */
export interface UpdateEvents {
  /** How many resources were created, updated, deleted, …; `same` is those left as they are. */
  readonly changes: Readonly<Record<string, number>>;
  /** The outputs of every resource that is now as it should be, by its URN. */
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** Runs something with the path of an event log in a private folder, and reads the log afterwards. */
export async function withEvents(run: (file: string) => Promise<number>): Promise<[number, UpdateEvents]> {
  const folder = mkdtempSync(join(tmpdir(), "cooperbench-machine-"));
  try {
    const file = join(folder, "events.json");
    const code = await run(file);
    return [code, readEvents(existsSync(file) ? readFileSync(file, "utf8") : "")];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readEvents(log: string): UpdateEvents {
  const events = log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
  const steps = events.flatMap((event) => event.resOutputsEvent?.metadata ?? []);
  return {
    changes: events.findLast((event) => event.summaryEvent)?.summaryEvent?.resourceChanges ?? {},
    outputs: new Map(steps.map((step) => [step.urn, step.new?.outputs ?? {}])),
  };
}
