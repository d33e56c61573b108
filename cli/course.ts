/** The course of an operation of Pulumi, as the engine's events tell it. */
import type { PullsMessage } from "../components/pull-hooks.ts";
import type { EngineEvent, ResourceStep, Values } from "./events.ts";

/** What becomes of a resource. */
export type Operation = "create" | "update" | "replace" | "delete" | "same";

/** A resource in an operation. */
export interface Step {
  readonly name: string;
  readonly type: string;
  readonly operation: Operation;
  state: "running" | "done" | "failed";
  /** Milliseconds of the course's clock. */
  readonly since: number;
  until?: number;
  readonly oldInputs: Values;
  readonly inputs: Values;
  outputs: Values;
  /** What it said last of its work. */
  doing?: string;
  /** Whether it has said something that is to stay. Default: false. */
  hasSaid?: boolean;
}

/** What has just happened, for whoever tells it. */
export type Happened =
  | { readonly kind: "ended"; readonly step: Step }
  /** A word that is to stay. */
  | {
      readonly kind: "said";
      readonly name: string;
      readonly level: "info" | "warning";
      readonly text: string;
    };

/** An operation, from its first event to the last that there is. */
export class Course {
  /** The resources by their names, without components, and without what is only refreshed. */
  readonly steps = new Map<string, Step>();
  /** The error of every resource that failed, by its name. */
  readonly failed = new Map<string, string>();
  /** Errors that are of no resource: the program's, or Pulumi's own. */
  readonly errors: string[] = [];
  /** How many resources were created, updated, deleted, …; `same` is those left as they are. */
  changes: Readonly<Record<string, number>> = {};
  /** How it ended; undefined where the events do not come so far. */
  result: string | undefined;
  /** Whether nothing is done. */
  isPreview: boolean;
  /** Whether the engine has begun with it. */
  hasBegun = false;
  /** How far the pulls are; undefined where none was begun. */
  pulls: PullsMessage | undefined;
  /** When it began, and the time now. */
  readonly clock: () => number;
  readonly since: number;

  /**
   * @param isPreview whether it is known to be one; else its last event says so.
   * @param clock milliseconds, never going back.
   */
  constructor(isPreview = false, clock: () => number = () => performance.now()) {
    this.isPreview = isPreview;
    this.clock = clock;
    this.since = clock();
  }

  take(event: EngineEvent): Happened | undefined {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, summaryEvent } = event;
    if (event.preludeEvent !== undefined) this.hasBegun = true;
    if (summaryEvent !== undefined) {
      this.changes = summaryEvent.resourceChanges;
      this.result = summaryEvent.result;
      this.isPreview ||= summaryEvent.isPreview === true;
    }
    if (resourcePreEvent !== undefined) this.#begin(resourcePreEvent.metadata);
    if (resOutputsEvent !== undefined) return this.#end(resOutputsEvent.metadata);
    if (resOpFailedEvent !== undefined) return this.#fail(resOpFailedEvent.metadata);
    return diagnosticEvent && this.#said(diagnosticEvent);
  }

  #begin({ op, urn, type = "", ...of }: ResourceStep): Step | undefined {
    const operation = operations[op];
    const name = nameOf(urn);
    // A component only groups others, and may have the name of one of them.
    if (operation === undefined || type.startsWith("cooperbench:")) return undefined;
    const known = this.steps.get(name);
    // A replacement is two or three steps of one resource: what is made, and that it replaces another.
    if (known?.operation === operation) return known;
    // What has another place in the program by now is made there, and goes from where it was.
    if (known !== undefined && operation === "delete") return undefined;
    const step: Step = {
      ...{ name, type, operation, state: "running", since: this.clock() },
      ...{ oldInputs: of.old?.inputs ?? {}, inputs: of.new?.inputs ?? {}, outputs: {} },
    };
    this.steps.set(name, step);
    return step;
  }

  #end(of: ResourceStep): Happened | undefined {
    const step = this.#begin(of);
    if (step === undefined) return undefined;
    step.outputs = of.new?.outputs ?? {};
    if (step.state === "done") return undefined;
    step.state = "done";
    step.until = this.clock();
    return { kind: "ended", step };
  }

  #fail(of: ResourceStep): Happened | undefined {
    const name = nameOf(of.urn);
    if (!this.failed.has(name)) this.failed.set(name, "it failed without saying why");
    // The removal of what was replaced is a step of its own.
    const step = this.#begin(of) ?? this.steps.get(name);
    if (step === undefined) return undefined;
    step.state = "failed";
    step.until = this.clock();
    return { kind: "ended", step };
  }

  #said({ urn, severity, message, ephemeral = false }: NonNullable<EngineEvent["diagnosticEvent"]>) {
    const name = urn ? nameOf(urn) : "";
    const text = plain(message);
    if (severity === "error") {
      if (name === "") this.errors.push(withoutTrace(text));
      else this.failed.set(name, text);
      return undefined;
    }
    if (severity === "debug") {
      this.pulls = pullsIn(message) ?? this.pulls;
      return undefined;
    }
    // What the pulls are is said in words as well.
    if (text === this.pulls?.line) return undefined;
    const step = this.steps.get(name);
    if (step !== undefined) step.doing = text;
    const level = severity === "warning" ? ("warning" as const) : ("info" as const);
    // Steps say what they do in words such as "making X": what lasts is said otherwise.
    const isPassing = ephemeral && /^[a-z]+ing /.test(text);
    if (isPluginNoise.test(text)) return undefined;
    if (step !== undefined && !isPassing) step.hasSaid = true;
    return isPassing ? undefined : ({ kind: "said", name, level, text } as const);
  }
}

/** What Pulumi says of outputs that a failure has kept away, and of what a kill has left, which the program tells itself. */
const isPluginNoise =
  /^Undefined value \(\w+\) will not show as a stack output|^Attempting to deploy or update resources/;

const operations: Readonly<Record<string, Operation>> = {
  same: "same",
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
};

/** The program's own word for what is for the user to fix, without what the runner says around it. */
function withoutTrace(error: string): string {
  return (
    /unhandled exception:\s*(?:Problem|SettingsError): ([\s\S]*?)(?:\n\s+at [\s\S]*)?$/.exec(error)?.[1] ??
    error
  );
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

function pullsIn(message: string): PullsMessage | undefined {
  try {
    const found = JSON.parse(message) as PullsMessage;
    return typeof found.line === "string" ? found : undefined;
  } catch {
    return undefined;
  }
}

/** A message without Pulumi's colour tags, and without what stands before a step's or a hook's own words. */
function plain(message: string): string {
  const said = message
    .replaceAll(/<\{%[^%]*%\}>/g, "")
    .replace(/^(exit status \d+|signal: [^:]+): running ".*":\n?/, "")
    .replace(/^(before|after) hook "[^"]*" failed: /, "")
    .trim();
  return said === "" ? "it was interrupted" : said;
}
