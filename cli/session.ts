import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import type { RawConfiguration } from "../program/configuration.ts";
import type { Settings } from "../program/settings.ts";
import { ownerOf } from "../program/stack-id.ts";
import { dockerHostOf } from "../provision/engine/host.ts";
import { hasStandIns, type Rehearsal, rehearsalEnv } from "../rehearsal/rehearsal.ts";
import { addUser } from "../rehearsal/users.ts";
import { readyToolchain, recordedToolchain, type Toolchain } from "../toolchain/toolchain.ts";
import { backendEnv, stateEnv } from "./backend.ts";
import { type Claim, claimStack, userOf } from "./claim.ts";
import { rehearsalOf, startIfNeeded } from "./rehearsal.ts";
import { readConfiguration, settingsFile, writeSettings } from "./stack-file.ts";
import { report } from "./terminal.ts";

/** The project's folder, which Pulumi works in. */
export const projectDir = resolve(import.meta.dirname, "..");

/** What a command on one stack works with. */
export interface Session {
  readonly stack: string;
  readonly settings: Settings;
  /** Docker engine of the stack, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Whether that engine is a rehearsal's. */
  readonly isRehearsal: boolean;
  /** That rehearsal, where the settings name it so that it can be started. */
  readonly rehearsal: Rehearsal | undefined;
  readonly toolchain: Toolchain;
}

/** Variables to set for Pulumi and docker; undefined takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Makes ready what a command on a stack needs: its settings checked, the toolchain, and what the settings point at
 * where this project can start it. Changes this process's environment to the stack's.
 *
 * @throws before anything is touched, where a setting is wrong.
 */
export async function openSession(stack: string): Promise<Session> {
  const { readLockedSettings, readSettings } = await import("./stack-settings.ts");
  readSettings(projectDir, stack);
  const opened = await openUnchecked(stack, { mayMake: true });
  // Only now: a rehearsal's lock is made by its start.
  return { ...opened, settings: readLockedSettings(projectDir, stack) };
}

/**
 * As `openSession`, but leaves the settings to the program, whose check comes first in it.
 *
 * @throws a Problem where the stack is not this folder's, before anything is started.
 */
export async function openUnchecked(
  stack: string,
  { mayMake = false }: OpenOptions = {},
): Promise<Omit<Session, "settings">> {
  const configuration = readConfiguration(projectDir, stack);
  const toolchain = await openToolchain(String(configuration.passphraseFile ?? ""));
  const claim = { projectDir, stack, configuration, pulumi: toolchain.pulumi };
  const { id, isOlderThanIds } = await claimStack(claim, mayMake);
  const rehearsal = rehearsalOf(configuration);
  if (rehearsal !== undefined) {
    await startIfNeeded(rehearsal, isAbsolute(String(configuration.stackId)) ? id : undefined);
    addUser(rehearsal.dir, userOf(claim));
    setEnvironment(rehearsalEnv(rehearsal));
  }
  const opened = { ...speakTo(stack, configuration), rehearsal, toolchain };
  if (mayMake) {
    if (!isAbsolute(String(configuration.stackId))) giveId(claim, id);
    if (isOlderThanIds) await adoptOldServices(claim, opened.dockerHost);
  }
  return opened;
}

/** What a command does with the stack that it opens. */
export interface OpenOptions {
  /** Whether it makes a stack that the backend does not have, and gives an id to one that has none. Default: false. */
  readonly mayMake?: boolean;
}

/** A stack that is older than ids, or whose settings lost theirs, has one from now on. */
function giveId({ stack, configuration }: Claim, ofState: string | undefined): void {
  if (configuration.stackId !== "" && ofState === undefined) return;
  writeSettings(projectDir, stack, { stackId: ofState ?? randomUUID() });
  report(`stack ${stack} has an id from now on, in ${settingsFile(projectDir, stack)}`);
}

/** Notes whose the services of a stack are that was made before ids: their labels have a name alone. */
async function adoptOldServices({ stack, pulumi }: Claim, dockerHost: string): Promise<void> {
  const configuration = readConfiguration(projectDir, stack);
  if (String(configuration.coop) !== "true" || pulumi === undefined) return;
  const [{ adoptServices }, { resourcesOf }] = await Promise.all([
    import("../provision/engine/adopt-services.ts"),
    import("./stack-record.ts"),
  ]);
  const owner = ownerOf(stack, { stackId: String(configuration.stackId ?? "") });
  // An engine that does not answer is told before the update, which does not begin then: the next one notes it.
  await adoptServices(dockerHost, owner, await resourcesOf(pulumi, stack)).catch(() => []);
}

/**
 * As `openUnchecked`, for any Pulumi command, such as one that corrects a setting: starts nothing.
 *
 * @param works whether the command works on what the stack has made.
 */
export async function openForPulumi(stack: string, works: boolean): Promise<Toolchain> {
  const configuration = readConfiguration(projectDir, stack);
  const toolchain = await openToolchain(String(configuration.passphraseFile ?? ""));
  if (works) await claimStack({ projectDir, stack, configuration, pulumi: toolchain.pulumi }, true);
  const rehearsal = rehearsalOf(configuration);
  if (rehearsal !== undefined) setEnvironment(rehearsalEnv(rehearsal));
  speakTo(stack, configuration);
  return toolchain;
}

/** A stack as it is found: its toolchain may be missing, and its rehearsal may not run. */
export interface Found extends Omit<Session, "settings" | "toolchain"> {
  readonly toolchain: Toolchain | undefined;
}

/** The command that starts a stack's engine, where this project can. */
export function startedBy({ stack, rehearsal }: Pick<Found, "stack" | "rehearsal">): string | undefined {
  return rehearsal !== undefined ? `./machine up ${stack}` : undefined;
}

/** As `openUnchecked`, but makes and starts nothing: what is there is used. */
export function openAsFound(stack: string): Found {
  const configuration = readConfiguration(projectDir, stack);
  const toolchain = recordedToolchain({ projectDir });
  // The backend is the user's own: it is looked for before the toolchain has its say.
  setEnvironment(stateEnv());
  if (toolchain !== undefined) setEnvironment(toolchain.env);
  const rehearsal = rehearsalOf(configuration);
  if (rehearsal !== undefined) setEnvironment(rehearsalEnv(rehearsal));
  return { ...speakTo(stack, configuration), rehearsal, toolchain };
}

/** The settings, with the files that they name where these can be there: those of a rehearsal are made by its start. */
export async function readFoundSettings({
  stack,
  rehearsal,
}: Pick<Found, "stack" | "rehearsal">): Promise<Settings> {
  const { readLockedSettings, readSettings } = await import("./stack-settings.ts");
  const areMade =
    rehearsal === undefined || (existsSync(rehearsal.imagesLock) && existsSync(rehearsal.redisPortFile));
  return areMade ? readLockedSettings(projectDir, stack) : readSettings(projectDir, stack);
}

/** Has docker and Pulumi speak to the stack and to its engine. */
function speakTo(
  stack: string,
  configuration: RawConfiguration,
): Pick<Session, "stack" | "dockerHost" | "isRehearsal"> {
  const dockerHost = dockerHostOf(String(configuration.dockerHost ?? ""));
  setEnvironment({ PULUMI_STACK: stack, DOCKER_HOST: dockerHost });
  const isRehearsal = hasStandIns(dockerHost) || rehearsalOf(configuration) !== undefined;
  return { stack, dockerHost, isRehearsal };
}

/** Makes the toolchain ready, without any stack, and changes this process's environment to it. */
export async function openToolchain(passphraseFile = ""): Promise<Toolchain> {
  const toolchain = await readyToolchain({ projectDir, report });
  // As above: before the toolchain has its say.
  setEnvironment(backendEnv(passphraseFile === "" ? "" : resolve(projectDir, passphraseFile)));
  setEnvironment(toolchain.env);
  // Pulumi and its plugins live for seconds: collecting their garbage less often takes a tenth off a preview.
  setEnvironment({ GOGC: process.env.GOGC ?? "400" });
  return toolchain;
}

const changed = new Set<string>();

function setEnvironment(variables: Environment): void {
  for (const [name, value] of Object.entries(variables)) {
    changed.add(name);
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** The variables that the commands above have set or taken away (undefined) in this process. */
export function changedEnvironment(): Environment {
  return Object.fromEntries([...changed].sort().map((name) => [name, process.env[name]]));
}
