/**
 * Looks at the machine before anything is touched: the engine, the registry, the programs and folders that an update
 * needs. Everything is asked at the same time, and once; the checks themselves judge plain facts.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LockedTask } from "../../benchmark/images-lock.ts";
import type { Environment } from "../../lib/environment.ts";
import type { Settings } from "../../program/settings.ts";
import { ownerOf } from "../../program/stack-id.ts";
import { existingRedis, judgeRedis, portTaken } from "../../provision/engine/existing-redis.ts";
import { pingRedis, type RedisAddress } from "../../provision/engine/redis-ping.ts";
import { inspectCheckout } from "../../provision/steps/checkout.ts";
import { searchPython } from "../../provision/steps/python.ts";
import { pythonOfVenv } from "../../provision/steps/venv/interpreter.ts";
import { inspectVenv } from "../../provision/steps/venv.ts";
import type { Toolchain } from "../../toolchain/toolchain.ts";
import { pluginVersions } from "../../toolchain/versions.ts";
import { type Finding, ok } from "../finding.ts";
import { clientFinding, onPath } from "./client.ts";
import { clockFinding } from "./clock.ts";
import { configuredDownloads, downloadsFinding } from "./downloads.ts";
import { askEngine, type EngineFacts, engineFinding } from "./engine.ts";
import { folderFindings, lookAtFolder } from "./folders.ts";
import { findGit, gitFinding } from "./git.ts";
import { lockFinding } from "./lock.ts";
import { ownersFinding } from "./owners.ts";
import { placesOf } from "./places.ts";
import { platformFinding } from "./platform.ts";
import { pulumiFinding } from "./pulumi.ts";
import { isServed, pythonFinding } from "./python.ts";
import { quotaFinding } from "./quota.ts";
import { type AskTag, askRegistry, registryFinding } from "./registry.ts";
import { measureRoom, roomFindings } from "./room.ts";
import { routeFinding } from "./route.ts";
import { servicesFinding } from "./services.ts";
import { askSource, isMissingFolder, sourceFinding } from "./source.ts";
import { isLocal, measureDisk, spaceFinding } from "./space.ts";
import { storageFinding } from "./storage.ts";
import { type ToPull, toPull } from "./to-pull.ts";
import { findUv, uvFinding } from "./uv.ts";

/** What is looked at. */
export interface Preflight {
  readonly stack: string;
  /** The stack's variables, with which its programs are looked for. */
  readonly env: Environment;
  /** With the image lock read, where it is there. */
  readonly settings: Settings;
  /** Docker engine of the stack, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Command that starts the engine, where this project can: then one that does not run yet is no blocker. */
  readonly startedBy?: string | undefined;
  /** Ports of the engine's loopback that are another's on this machine, so that it is not reached there. Default: none. */
  readonly takenPorts?: readonly number[];
  readonly projectDir: string;
  /** Absolute path of the checkout. */
  readonly checkout: string;
  /** Folder of the passphrase and, unless there is another backend, of the state. */
  readonly dataDir: string;
  /** Folder of the state; undefined where the backend has no files here. */
  readonly stateDir: string | undefined;
  /** Folder of the toolchain. */
  readonly cacheDir: string;
  /** The toolchain that is ready; undefined where there is none yet. */
  readonly toolchain: Toolchain | undefined;
  /** Asks the registry from this machine, for quota and clock. Default: the engine is asked, which tells neither. */
  readonly askTag?: AskTag;
  /** Whether programs are run for their versions and where their work is done already: this costs time. */
  readonly thorough: boolean;
}

/** What came of it. */
export interface PreflightResult {
  readonly findings: readonly Finding[];
  /** The tasks whose image is to be pulled; all where the engine does not answer. */
  readonly missing: readonly LockedTask[];
}

/** Runs all checks. Changes nothing, and starts nothing. */
export async function runPreflight(preflight: Preflight): Promise<PreflightResult> {
  const { settings, stack, dockerHost, toolchain, startedBy } = preflight;
  const [engine, programs, folders] = await Promise.all([
    askEngine(dockerHost).then(async (answer) => {
      if ("error" in answer)
        return { answer, findings: await ofNoEngine(preflight), missing: settings.tasks };
      const pull = toPull(settings.tasks, answer.images);
      return { answer, findings: await ofEngine(answer, pull, preflight), missing: pull.missing };
    }),
    ofPrograms(preflight),
    ofFolders(preflight),
  ]);
  const { answer } = engine;
  // A rehearsal's lock is made when it is started.
  const isLockRead = !("error" in answer) || startedBy === undefined;
  return {
    findings: [
      engineFinding(answer, { dockerHost, stack, startedBy }, toolchain?.pieces ?? []),
      ...engine.findings,
      ...(isLockRead ? [lockFinding(settings.tasks, stack)] : []),
      ...programs,
      ...folders,
      ownersFinding(preflight.checkout, ownerOf(stack, settings)),
      routeFinding(preflight.checkout, ownerOf(stack, settings), settings.modelApiBase),
      pulumiFinding(toolchain?.pieces, pluginVersions(preflight.projectDir)),
    ],
    missing: engine.missing,
  };
}

async function ofEngine(facts: EngineFacts, pull: ToPull, preflight: Preflight): Promise<readonly Finding[]> {
  const { settings, dockerHost, askTag } = preflight;
  const { info } = facts;
  const mirrors = info.RegistryConfig?.Mirrors ?? [];
  const [missing] = pull.missing;
  const notAsked =
    missing === undefined ? "no image is to be pulled" : `images come from ${settings.registryMirror} first`;
  const address = { host: settings.redisHost, port: settings.redisPort };
  const [disk, redis, registry] = await Promise.all([
    measureDisk(dockerHost, info),
    settings.coop ? lookForRedis(preflight, address) : undefined,
    missing === undefined || settings.registryMirror !== ""
      ? undefined
      : askRegistry(missing.image, { dockerHost, mirrors }, askTag),
  ]);
  const date = registry?.answer?.date;
  return [
    storageFinding(info),
    platformFinding(info, settings.tasks),
    spaceFinding(pull, disk, info, dockerHost),
    registryFinding(registry, notAsked),
    quotaFinding(registry, pull.missing.length, notAsked),
    missing === undefined
      ? ok("downloads", "no image is to be pulled")
      : downloadsFinding(isLocal(dockerHost, info) ? configuredDownloads() : undefined),
    clockFinding([
      { name: "the engine", theirs: new Date(info.SystemTime), ours: facts.answeredAt },
      ...(date === undefined
        ? []
        : [{ name: "the registry", theirs: date, ours: registry?.answeredAt ?? date }]),
    ]),
    servicesFinding(redis),
  ];
}

/** What can be said before the engine runs: that somebody has the port of the services that are to run on it. */
async function ofNoEngine({ settings, stack, dockerHost }: Preflight): Promise<readonly Finding[]> {
  const address = { host: settings.redisHost, port: settings.redisPort };
  if (!settings.coop || address.port === 0) return [];
  const answer = await pingRedis(address);
  const facts = { dockerHost, owner: ownerOf(stack, settings), address, container: undefined, answer };
  const redis = judgeRedis(facts);
  return redis.kind === "conflict" ? [servicesFinding(redis)] : [];
}

async function lookForRedis(preflight: Preflight, address: RedisAddress) {
  const { dockerHost, stack, settings, takenPorts } = preflight;
  return takenPorts?.includes(address.port)
    ? portTaken(stack, address)
    : existingRedis(dockerHost, ownerOf(stack, settings), address);
}

async function ofPrograms(preflight: Preflight): Promise<readonly Finding[]> {
  const { settings, stack, checkout, toolchain, thorough, env } = preflight;
  const isCheckedOut = inspectCheckout(checkout) === undefined;
  const request = settings.pythonVersion;
  const venv = join(checkout, ".venv");
  const fault = existsSync(venv) ? inspectVenv(checkout, request, ownerOf(stack, settings)) : undefined;
  const inVenv = fault === undefined ? pythonOfVenv(venv) : undefined;
  const source = { repository: settings.cooperbenchRepository, commit: settings.cooperbenchCommit };
  // What this project starts makes its own source.
  const isSourceMade = preflight.startedBy === undefined || !isMissingFolder(source.repository);
  const isToClone = !existsSync(checkout) && isSourceMade && onPath("git", env.PATH) !== undefined;
  const [git, answer, uv, search] = await Promise.all([
    findGit(thorough, env.PATH),
    isToClone ? askSource(source) : undefined,
    findUv(toolchain?.pieces ?? [], env.PATH),
    isServed({ request, inVenv }) ? undefined : searchPython(request, env),
  ]);
  const { UV_PYTHON_DOWNLOADS = "", UV_OFFLINE = "" } = env;
  const mayDownload = UV_PYTHON_DOWNLOADS !== "never" && !/^(1|true|yes|on)$/i.test(UV_OFFLINE);
  return [
    clientFinding(onPath("docker", env.PATH), preflight.startedBy),
    gitFinding(git, checkout, isCheckedOut),
    sourceFinding(source, answer, stack),
    uvFinding(uv),
    pythonFinding({ request, inVenv, fault, search, mayDownload }, stack),
  ];
}

async function ofFolders(preflight: Preflight): Promise<readonly Finding[]> {
  const { settings, stack, toolchain, env } = preflight;
  const places = placesOf(
    {
      ...preflight,
      isToolchainReady: toolchain !== undefined,
      owner: ownerOf(stack, settings),
      pythonVersion: settings.pythonVersion,
    },
    env,
  );
  const [folders, rooms] = await Promise.all([
    Promise.all(places.map(lookAtFolder)),
    Promise.all(places.map(measureRoom)),
  ]);
  return [...folderFindings(folders), ...roomFindings(rooms)];
}
