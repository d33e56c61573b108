import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { rehearsalFolder } from "../benchmark/stand-ins.ts";
import { type Environment, onlySet } from "../lib/environment.ts";
import { Problem } from "../lib/problem.ts";
import { type Command, machine } from "../lib/remedy.ts";
import type { RawConfiguration } from "../program/configuration.ts";
import type { Settings } from "../program/settings.ts";
import { type EngineHost, engineHostOf } from "../provision/engine/host.ts";
import { type Rehearsal, rehearsalEnv } from "../rehearsal/rehearsal.ts";
import { addUser } from "../rehearsal/users.ts";
import { readyToolchain, recordedToolchain, type Toolchain } from "../toolchain/toolchain.ts";
import { backendEnv, stateEnv } from "./backend.ts";
import type { Caller, StackCaller } from "./caller.ts";
import { type Claim, claimStack, lostId, userOf } from "./claim.ts";
import { ownerIn } from "./identity.ts";
import { assertPassphrase, isPassphraseMade } from "./passphrase.ts";
import type { Pulumi } from "./pulumi.ts";
import { rehearsalOf, startIfNeeded } from "./rehearsal.ts";
import { ensureStack } from "./stack.ts";
import { readConfiguration, settingsFile, writeSettings } from "./stack-file.ts";
import { stacksInFiles } from "./stack-record.ts";

/** A caller with the toolchain. */
export interface WithToolchain extends Caller {
  readonly toolchain: Toolchain;
  readonly pulumi: Pulumi;
  /** What `env` has that the user's shell has not; undefined is taken away. */
  readonly variables: Environment;
}

/** A stack as it is found: its toolchain may be missing, and its rehearsal may not run. */
export interface Found extends StackCaller {
  /** The stack's configuration as it is set, defaults included. */
  readonly configuration: RawConfiguration;
  /** What `env` has that the user's shell has not; undefined is taken away. */
  readonly variables: Environment;
  /** Docker engine of the stack, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** The same, with what it was taken from. */
  readonly engine: EngineHost;
  /** Whether that engine is a rehearsal's. */
  readonly isRehearsal: boolean;
  /** That rehearsal, where the settings name it so that it can be started. */
  readonly rehearsal: Rehearsal | undefined;
  readonly toolchain: Toolchain | undefined;
  /** Pulumi with the stack's variables; undefined where there is no toolchain yet. */
  readonly pulumi: Pulumi | undefined;
}

/** A stack that can be worked on: toolchain and engine are made ready. */
export interface Opened extends Found {
  readonly toolchain: Toolchain;
  readonly pulumi: Pulumi;
}

/** The same with its settings checked. */
export interface Session extends Opened {
  readonly settings: Settings;
}

/**
 * Makes ready what a command on a stack needs: its settings checked, the toolchain, and what the settings point at
 * where this project can start it.
 *
 * @throws before anything is touched, where a setting is wrong.
 */
export async function openSession(caller: StackCaller): Promise<Session> {
  const { readLockedSettings, readSettings } = await import("./stack-settings.ts");
  readSettings(caller);
  const opened = await openUnchecked(caller, { mayMake: true });
  // Only now: a rehearsal's lock is made by its start.
  return { ...opened, settings: readLockedSettings(caller) };
}

/** What a command does with the stack that it opens. */
export interface OpenOptions {
  /** Whether it makes a stack that the backend does not have, and gives an id to one that has none. Default: false. */
  readonly mayMake?: boolean;
  /** Whether the program runs and nothing is written: without its id it would take all for another's. Default: false. */
  readonly isPreview?: boolean;
}

/**
 * As `openSession`, but leaves the settings to the program, whose check comes first in it.
 *
 * @throws a Problem where the stack is not this folder's, before anything is started.
 */
export async function openUnchecked(
  caller: StackCaller,
  { mayMake = false, isPreview = false }: OpenOptions = {},
): Promise<Opened> {
  const configuration = readConfiguration(caller);
  const tools = await openToolchain(caller, configuration);
  const claim = { ...caller, ...tools, configuration };
  const { id, isOlderThanIds } = await claimStack(claim, mayMake);
  const isRehearsalsId = isAbsolute(String(configuration.stackId));
  const lost = isPreview ? lostId(claim, id) : undefined;
  if (lost !== undefined) throw new Problem(`${lost.found}. Nothing was changed.`, lost.remedies);
  assertPassphrase(claim);
  const rehearsal = rehearsalOf(claim);
  if (rehearsal !== undefined) {
    await startIfNeeded(rehearsal, caller.output, isRehearsalsId ? id : undefined);
    addUser(rehearsal.dir, userOf(claim));
  }
  if (mayMake && !isRehearsalsId) giveId(claim, id);
  const opened = withStack(caller, tools);
  if (mayMake && isOlderThanIds) await adoptOldServices(opened);
  return opened;
}

/** A stack that is older than ids, or whose settings lost theirs, has one from now on. */
function giveId({ projectDir, stack, configuration, output }: Claim, ofState: string | undefined): void {
  if (configuration.stackId !== "" && ofState === undefined) return;
  writeSettings(projectDir, stack, { stackId: ofState ?? randomUUID() });
  output.report(`stack ${stack} now has an id, in ${settingsFile(projectDir, stack)}`);
}

/** Notes whose the services of a stack are that was made before ids: their labels have a name alone. */
async function adoptOldServices({ stack, configuration, dockerHost, pulumi }: Opened): Promise<void> {
  if (String(configuration.coop) !== "true") return;
  const [{ adoptServices }, { resourcesOf }] = await Promise.all([
    import("../provision/engine/adopt-services.ts"),
    import("./stack-export.ts"),
  ]);
  const owner = ownerIn({ stack, configuration });
  // An engine that does not answer is told before the update, which does not begin then: the next one notes it.
  await adoptServices(dockerHost, owner, await resourcesOf(pulumi, stack)).catch(() => []);
}

/**
 * As `openUnchecked`, for any Pulumi command, such as one that corrects a setting: starts nothing.
 *
 * @param works whether the command works on what the stack has made.
 * @param makes whether the stack is made where the backend has none yet, as of a fresh clone, whose settings Pulumi would
 *   not show otherwise.
 */
export async function openForPulumi(caller: StackCaller, works: boolean, makes = false): Promise<Opened> {
  const configuration = readConfiguration(caller);
  const tools = await openToolchain(caller, configuration);
  const isMade = !makes || (stacksInFiles(caller)?.includes(caller.stack) ?? true);
  if (works || !isMade) await claimStack({ ...caller, ...tools, configuration }, true);
  assertPassphrase({ ...caller, ...tools });
  if (!isMade) await ensureStack(tools.pulumi, caller.stack);
  return withStack(caller, tools);
}

/** As `openUnchecked`, but makes and starts nothing: what is there is used. */
export function openAsFound(caller: StackCaller): Found {
  const toolchain = recordedToolchain(caller);
  return withStack(caller, { toolchain, variables: { ...stateEnv(caller.env), ...toolchain?.env } });
}

/** What starts a stack's engine, where this project can. */
export function startedBy({ stack, rehearsal }: Pick<Found, "stack" | "rehearsal">): Command | undefined {
  return rehearsal !== undefined ? machine("up", stack) : undefined;
}

/** The settings, with the files that they name where these can be there: those of a rehearsal are made by its start. */
export async function readFoundSettings(found: Found): Promise<Settings> {
  const { readLockedSettings, readSettings } = await import("./stack-settings.ts");
  const { rehearsal } = found;
  const areMade =
    rehearsal === undefined || (existsSync(rehearsal.imagesLock) && existsSync(rehearsal.redisPortFile));
  return areMade ? readLockedSettings(found) : readSettings(found);
}

/** A stack with what its children need to speak to it and to its engine. */
function withStack(caller: StackCaller, tools: WithToolchain): Opened;
function withStack(caller: StackCaller, tools: Pick<Found, "toolchain" | "variables">): Found;
function withStack(
  caller: StackCaller,
  { toolchain, variables: ofTools }: Pick<Found, "toolchain" | "variables">,
): Found {
  const { stack } = caller;
  const configuration = readConfiguration(caller);
  const engine = engineHostOf(String(configuration.dockerHost ?? ""), { env: caller.env });
  const dockerHost = engine.host;
  const rehearsal = rehearsalOf({ configuration, env: caller.env });
  const path = ofTools.PATH ?? caller.env.PATH;
  const variables = {
    ...ofTools,
    ...(rehearsal !== undefined && rehearsalEnv(rehearsal, path)),
    PULUMI_STACK: stack,
    DOCKER_HOST: dockerHost,
    // Certificates are for engines over the network: Pulumi's docker plugin reads them for any.
    ...(/^(unix|ssh):/.test(dockerHost) && { DOCKER_CERT_PATH: undefined, DOCKER_TLS_VERIFY: undefined }),
  };
  const env = onlySet({ ...caller.env, ...variables });
  return {
    ...caller,
    env,
    configuration,
    variables,
    dockerHost,
    engine,
    isRehearsal: rehearsalFolder(dockerHost) !== undefined || rehearsal !== undefined,
    rehearsal,
    toolchain,
    pulumi: toolchain && { file: toolchain.pulumi, projectDir: caller.projectDir, env },
  };
}

/**
 * Makes the toolchain ready.
 *
 * @param configuration of the stack that it is for. Default: none.
 */
export async function openToolchain(
  caller: Caller & { readonly stack?: string },
  { passphraseFile = "" }: RawConfiguration = {},
): Promise<WithToolchain> {
  const { projectDir, output } = caller;
  const toolchain = await readyToolchain({ projectDir, report: output.report, env: caller.env });
  const ofStack = passphraseFile === "" ? "" : resolve(projectDir, String(passphraseFile));
  const variables = {
    // The backend is the user's own: it is looked for before the toolchain has its say.
    ...backendEnv(ofStack, caller.env, () => isPassphraseMade(caller)),
    ...toolchain.env,
    // Pulumi and its plugins live for seconds: collecting their garbage less often takes a tenth off a preview.
    GOGC: caller.env.GOGC ?? "400",
  };
  const env = onlySet({ ...caller.env, ...variables });
  return { ...caller, env, toolchain, variables, pulumi: { file: toolchain.pulumi, projectDir, env } };
}
