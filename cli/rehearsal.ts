import { dirname, isAbsolute } from "node:path";
import type { Environment } from "../lib/environment.ts";
import { Problem } from "../lib/problem.ts";
import { machine, remedyLine } from "../lib/remedy.ts";
import type { RawConfiguration } from "../program/configuration.ts";
import { dockerHostOf } from "../provision/engine/host.ts";
import {
  deniedEngine,
  isReady,
  type Rehearsal,
  rehearsalAt,
  rehearsalEngine,
  rehearsalId,
  rehearsalPorts,
  rehearsalWith,
  removeRehearsal,
  startRehearsal,
  stopRehearsal,
  takeRehearsalId,
} from "../rehearsal/rehearsal.ts";
import type { PortStatus } from "../rehearsal/relay-ports.ts";
import { SOURCE_COMMIT } from "../rehearsal/source-commit.ts";
import type { Caller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { ask } from "./confirm.ts";
import { exitCodes } from "./exit-codes.ts";
import { printJson } from "./json.ts";
import { liveUsers, told } from "./rehearsal-users.ts";
import type { Output } from "./terminal.ts";

/**
 * The rehearsal that a stack's configuration points at; undefined where it points at another engine.
 *
 * @param env as the user has it: an opened stack's has its own engine.
 */
export function rehearsalOf({ configuration, env }: ConfiguredPlace): Rehearsal | undefined {
  const { dockerHost = "", imagesLock = "" } = configuration;
  return rehearsalWith(dockerHostOf(String(dockerHost), env), String(imagesLock));
}

/** What the settings of a rehearsal's stack are, where they are others than the defaults. */
export function rehearsalSettings(rehearsal: Rehearsal) {
  return { ...namesOf(rehearsal), coop: true, git: true };
}

/** Those of them that name the rehearsal and what is in it. */
function namesOf({ dockerHost, imagesLock, sourceRepository, redisPortFile }: Rehearsal) {
  return {
    dockerHost,
    imagesLock,
    cooperbenchRepository: sourceRepository,
    cooperbenchCommit: SOURCE_COMMIT,
    pythonVersion: ">=3.10",
    redisPort: redisPortFile,
  };
}

/** The names of the rehearsal that two settings speak of, be a third one wrong; nothing of a stack of another kind. */
export function usualSettings(given: RawConfiguration): Readonly<Record<string, unknown>> {
  const keys = ["dockerHost", "imagesLock", "cooperbenchRepository", "redisPort"] as const;
  const all = foldersNamed(keys.map((key) => given[key])).map((folder) => namesOf(rehearsalAt(folder)));
  return all.find((names) => keys.filter((key) => given[key] === names[key]).length > 1) ?? {};
}

/** The folders of the files and sockets that values name by an absolute path, or by a URL of one; each once. */
export function foldersNamed(values: readonly unknown[]): readonly string[] {
  const paths = values.map((value) => String(value).replace(/^(unix|file):\/\//, ""));
  return [...new Set(paths.filter(isAbsolute).map((path) => dirname(path)))];
}

/** A configuration, and the variables of the shell that it is used in. */
export interface ConfiguredPlace {
  readonly configuration: RawConfiguration;
  readonly env: Environment;
}

/**
 * Starts a rehearsal unless it is ready.
 *
 * @param id that it is to have, where a stack has one from the rehearsal before. Default: its own.
 */
export async function startIfNeeded(
  rehearsal: Rehearsal,
  { report }: Pick<Output, "report">,
  id?: string,
): Promise<void> {
  const engine = rehearsalEngine(rehearsal);
  if (!(await isReady(rehearsal))) {
    report(
      `this stack is a rehearsal: a private engine (${engine}) with stand-in images, in ${rehearsal.dir}`,
    );
    await startRehearsal(rehearsal, report);
  }
  if (id !== undefined && rehearsalId(rehearsal) !== id) await takeRehearsalId(rehearsal, id);
}

/** Removes a rehearsal, unless a stack still uses it. Gives whether it is gone. */
export async function removeUnlessUsed(
  rehearsal: Rehearsal,
  { report }: Pick<Output, "report">,
): Promise<boolean> {
  const users = liveUsers(rehearsal);
  if (users.length === 0) {
    await removeRehearsal(rehearsal, report);
    return true;
  }
  report(`the rehearsal in ${rehearsal.dir} stays up: ${users.map(told).join(", ")} uses it`);
  return false;
}

/** `./machine rehearsal start | stop | remove | status [FOLDER]`. */
export async function rehearsalCommand(options: Given["rehearsal"], { output }: Caller): Promise<number> {
  try {
    return await act(options, output);
  } catch (error) {
    if ((error as Error).constructor !== Error) throw error;
    // A rehearsal's errors are for the user.
    throw new Problem(
      (error as Error).message,
      { advice: "fix that, then run the command again" },
      { cause: error },
    );
  }
}

async function act({ verb, folder, force, json }: Given["rehearsal"], output: Output): Promise<number> {
  const { report } = output;
  const rehearsal = rehearsalAt(folder);
  switch (verb) {
    case "start":
      await startIfNeeded(rehearsal, output);
      report(`ready: ${rehearsal.dockerHost}`);
      return 0;
    case "stop":
      if (!force) await assertUnused(rehearsal, verb);
      await stopRehearsal(rehearsal, report);
      return 0;
    case "remove":
      if (!force) await assertUnused(rehearsal, verb);
      await removeRehearsal(rehearsal, report);
      return 0;
    default: {
      const denied = await deniedEngine(rehearsal);
      if (denied !== undefined)
        throw new Problem(
          `it is not known whether the rehearsal in ${rehearsal.dir} runs: ${denied.found}`,
          denied.remedies,
        );
      const ready = await isReady(rehearsal);
      const ports = (await rehearsalPorts(rehearsal)) ?? { open: [], taken: [] };
      const { dir, dockerHost } = rehearsal;
      if (json) {
        const users = liveUsers(rehearsal);
        printJson(output, "rehearsal status", { folder: dir, isReady: ready, dockerHost, ports, users });
        return ready ? exitCodes.done : exitCodes.notReady;
      }
      const lines = [
        ...portLines(ports),
        ready ? `ready: ${rehearsal.dockerHost}` : `not running: ${rehearsal.dir}`,
        ...liveUsers(rehearsal).map((user) => `used by ${told(user)}`),
      ];
      output.print(`${lines.join("\n")}\n`);
      return ready ? exitCodes.done : exitCodes.notReady;
    }
  }
}

/** Where the rehearsal's network and this machine's loopback meet. */
function portLines({ open, taken }: PortStatus): readonly string[] {
  return [
    ...(open.length > 0 ? [`its ports on this machine's 127.0.0.1: ${open.join(", ")}`] : []),
    ...taken.flatMap((port) => [
      `127.0.0.1:${port} is taken on this machine, so what listens there in the rehearsal cannot be reached`,
      `  ${remedyLine({ command: ["ss", "-ltnp", `sport = :${port}`], when: "stop the process that has it, which this shows" })}`,
    ]),
  ];
}

async function assertUnused(rehearsal: Rehearsal, verb: "stop" | "remove"): Promise<void> {
  const users = liveUsers(rehearsal).map(told).join(", ");
  if (users === "") return;
  const found = `the rehearsal in ${rehearsal.dir} is used by ${users}`;
  const question =
    verb === "stop"
      ? "Its containers stop, and its images stay. Stop it?"
      : "Its engine and images go. Remove it?";
  if (await ask(`${found}. ${question}`)) return;
  throw new Problem(`${found}, and was left as it is`, {
    ...machine("rehearsal", verb, rehearsal.dir, "--force"),
    when: `to ${verb} it anyway`,
  });
}
