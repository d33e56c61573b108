/** An operation of Pulumi on a stack: shown by its events, with all that Pulumi says in a log. */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "../lib/environment.ts";
import { withTemporaryFolder } from "../provision/ownership/temporary.ts";
import { Course } from "./course.ts";
import { followEvents } from "./events.ts";
import { identityOf } from "./identity.ts";
import { lineView, type View } from "./line-view.ts";
import { openLog } from "./log-file.ts";
import { exitCode, passSignals } from "./on-terminal.ts";
import { pulumiProcess } from "./pulumi-process.ts";
import type { Shown } from "./screen.ts";
import { screenView } from "./screen-view.ts";
import type { Opened } from "./session.ts";

/** What is asked of Pulumi, and how it is shown. */
export interface OperationOptions extends Omit<Shown, "title"> {
  /** Arguments of ours, with the stack. */
  readonly args: readonly string[];
  /** The user's own, which come last. */
  readonly options: readonly string[];
  /** Variables for this alone. Default: none. */
  readonly more?: Environment;
  /** Whether its result is printed for a program: then words go to standard error. Default: false. */
  readonly isForProgram?: boolean;
}

/** How an operation ended. */
export interface Operation {
  /** Pulumi's exit code. */
  readonly code: number;
  /** Whether it was ended by a signal that this process was sent. */
  readonly isInterrupted: boolean;
  readonly course: Course;
  /** Path of the log; undefined where none could be written. */
  readonly log: string | undefined;
  /** What Pulumi said on standard error: why it did not begin. */
  readonly said: string;
  /** Whether each thing that was done was told when it was. */
  readonly isTold: boolean;
}

/** Whether Pulumi's own text is asked for. */
export function wantsText(options: readonly string[]): boolean {
  return options.some((one) => /^(--diff|--show-|--debug$|-d$|--json|-j$|-v|--logtostderr)/.test(one));
}

/** Whether an operation only shows what it would do. */
export function isPreview(command: string, options: readonly string[]): boolean {
  return command === "preview" || options.some((one) => /^(--preview-only|--dry-run)(=true)?$/.test(one));
}

/** Whether nothing is to be done at all. */
export function wantsHelp(options: readonly string[]): boolean {
  return options.some((one) => one === "--help" || one === "-h");
}

/** Characters of standard error that are kept. */
const keptSaid = 20_000;

/** Runs an operation. */
export function operate(opened: Opened, command: string, given: OperationOptions): Promise<Operation> {
  return withTemporaryFolder(identityOf(opened), (folder) => operateIn(folder, opened, command, given));
}

async function operateIn(
  folder: string,
  opened: Opened,
  command: string,
  { args, options, more = {}, isForProgram = false, ...shown }: OperationOptions,
): Promise<Operation> {
  const { pulumi, output, stack } = opened;
  const isText = wantsText(options);
  const course = new Course(isPreview(command, options));
  const title = `${command} ${stack}${opened.isRehearsal ? ", a rehearsal" : ""}`;
  const line = (text: string) => (isForProgram ? output.note : output.print)(`${text}\n`);
  const isDrawn = output.canDraw && !isText && !isForProgram;
  const view = isText
    ? noView
    : isDrawn
      ? screenView(course, { ...shown, title }, output)
      : lineView(course, shown, line);

  const log = openLog(opened, command);
  const { rest, copy } = withoutEventLog(options);
  const events = join(folder, "events.json");
  const coloured = isText && output.isInColour ? ["--color", "always"] : [];
  const started = pulumiProcess(
    pulumi,
    [command, ...coloured, "--event-log", events, ...args, ...rest],
    // What --event-log asks for, as the Automation API sets it.
    { PULUMI_DEBUG_COMMANDS: "true", ...more },
  );
  let isSignalled = false;
  let said = "";
  const end = followEvents(events, (event) => {
    const happened = course.take(event);
    if (happened !== undefined) view.took(happened);
  });
  const timer = setInterval(view.passed, drawMs);
  try {
    const code = await new Promise<number>((done, reject) => {
      const child = spawn(started.file, started.args, {
        cwd: pulumi.projectDir,
        env: started.env,
        stdio: ["inherit", "pipe", "pipe"],
      });
      const release = passSignals(child, () => {
        isSignalled = true;
      });
      child.stdout.on("data", (bytes: Buffer) => {
        log.write(bytes);
        if (isText) output.print(bytes);
      });
      child.stderr.on("data", (bytes: Buffer) => {
        log.write(bytes);
        said = `${said}${bytes}`.slice(-keptSaid);
        if (isText) output.note(bytes);
      });
      child.on("error", reject);
      child.on("close", (code, signal) => {
        release();
        started.ended(child.pid, code);
        done(exitCode(code, signal));
      });
    });
    return {
      ...{
        code,
        course,
        log: log.path,
        said: said.trim(),
        isInterrupted: isSignalled && (code !== 0 || course.result === undefined),
      },
      isTold: !isDrawn && !isText,
    };
  } finally {
    clearInterval(timer);
    end();
    view.ended();
    log.close();
    if (copy !== undefined && existsSync(events)) copyFileSync(events, resolve(pulumi.projectDir, copy));
  }
}

/** Milliseconds between two drawings. */
const drawMs = 200;

const noView: View = { took: () => {}, passed: () => {}, ended: () => {} };

/** What is asked of Pulumi without the event log that the user wants: it writes one, and a copy is as good. */
function withoutEventLog(options: readonly string[]): {
  readonly rest: readonly string[];
  readonly copy?: string;
} {
  const at = options.findIndex((one) => /^--event-log(=|$)/.test(one));
  const [option = "", value] = options.slice(at, at + 2);
  if (at < 0) return { rest: options };
  const copy = option.includes("=") ? option.slice("--event-log=".length) : value;
  return { rest: options.toSpliced(at, option.includes("=") ? 1 : 2), ...(copy !== undefined && { copy }) };
}
