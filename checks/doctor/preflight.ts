/**
 * What stands against an update, before anything is touched: a judgement of a look at the machine, and of what it does not
 * ask, the registry, programs and folders that an update needs. Everything is asked at the same time, and once; the checks
 * themselves judge plain facts.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LockedTask } from "../../benchmark/images-lock.ts";
import { newestVersion } from "../../benchmark/known-faults.ts";
import type { Environment } from "../../lib/environment.ts";
import { findOnPath } from "../../lib/find-program.ts";
import { type Known, knownOf } from "../../lib/known.ts";
import type { Command } from "../../lib/remedy.ts";
import type { Settings } from "../../program/settings.ts";
import type { EngineFacts } from "../../provision/engine/ask.ts";
import {
  type ExistingRedis,
  judgeRedis,
  portTaken,
  type RedisFacts,
  unknownRedis,
} from "../../provision/engine/existing-redis.ts";
import { faultIn, type Look } from "../../provision/look.ts";
import { stackIdentity } from "../../provision/ownership/temporary.ts";
import { inTheWayOf } from "../../provision/steps/checkout/inspect.ts";
import { pythonsOf, versionIn } from "../../provision/steps/checkout/version.ts";
import { searchPython } from "../../provision/steps/python.ts";
import { pythonOfVenv } from "../../provision/steps/venv/interpreter.ts";
import type { Toolchain } from "../../toolchain/toolchain.ts";
import { pluginVersions } from "../../toolchain/versions.ts";
import { blocker, type Finding, ok } from "../finding.ts";
import { versionFinding } from "../version.ts";
import { clockFinding } from "./clock.ts";
import { clientFinding } from "./docker.ts";
import { configuredDownloads, daemonFile, downloadsFinding } from "./downloads.ts";
import { engineFinding } from "./engine.ts";
import { filesFinding } from "./files.ts";
import { folderFindings, lookAtFolder } from "./folders.ts";
import { findGit, gitFinding } from "./git.ts";
import { lockFinding } from "./image-lock.ts";
import { leftoversFinding, lookForLeftovers } from "./leftovers.ts";
import { loginFinding } from "./login.ts";
import { askNetwork, chooseImage, networkFinding } from "./network.ts";
import { ownersFinding } from "./owners.ts";
import { placesOf } from "./places.ts";
import { platformFinding, platformOf } from "./platform.ts";
import { proxyFinding } from "./proxy.ts";
import { pulumiFinding } from "./pulumi.ts";
import { askDownload, isServed, pythonFinding } from "./python.ts";
import { quotaFinding } from "./quota.ts";
import { type AskTag, askRegistry, registryFinding } from "./registry.ts";
import { measureRoom, roomFindings } from "./room.ts";
import { otherSettingsFinding, routeFinding } from "./route.ts";
import { servicesFinding } from "./services.ts";
import { askSource, isMissingFolder, sourceFinding } from "./source.ts";
import { isLocal, measureDisk, spaceFinding } from "./space.ts";
import { storageFinding } from "./storage.ts";
import { type ToPull, toPull } from "./to-pull.ts";
import { findUv, uvFinding } from "./uv.ts";

/** What is judged. */
export interface Preflight {
  /** The machine as it is. */
  readonly look: Look;
  /** The stack's variables, with which its programs are looked for. */
  readonly env: Environment;
  /** With the image lock read, where it is there. */
  readonly settings: Settings;
  /** What starts the engine, where this project can: then one that does not run yet is no blocker. */
  readonly startedBy?: Command | undefined;
  /** Ports of the engine's loopback that are another's on this machine, so that it is not reached there. Default: none. */
  readonly takenPorts?: readonly number[];
  readonly projectDir: string;
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
  /** Why the engine's containers have no network to ask; undefined where they are to have one. */
  readonly noOutside?: string | undefined;
  /**
   * Whether programs are run for their versions and where their work is done already, a container asks the network, and
   * leftovers of runs are looked for: this costs time.
   */
  readonly thorough: boolean;
  /** Takes the container away. Default: never. */
  readonly abort?: AbortSignal | undefined;
}

/** What came of it. */
export interface PreflightResult {
  readonly findings: readonly Finding[];
  /** The tasks whose image is to be pulled; all where the engine does not answer. */
  readonly missing: readonly LockedTask[];
}

/** Runs all checks. Changes nothing, and starts nothing but one temporary container where it is thorough. */
export async function runPreflight(preflight: Preflight): Promise<PreflightResult> {
  const { look, settings, toolchain, startedBy } = preflight;
  const { owner, folder } = look.wanted;
  const engine = knownOf(look.engine);
  const pull = engine && toPull(settings.tasks, engine.images);
  const [ofTheEngine, programs, folders] = await Promise.all([
    engine && pull ? ofEngine(engine, pull, preflight) : ofNoEngine(preflight),
    ofPrograms(preflight),
    ofFolders(preflight),
  ]);
  // A rehearsal's lock is made when it is started.
  const isLockRead = engine !== undefined || startedBy === undefined;
  return {
    findings: [
      engineFinding(look.engine, { ...look.wanted, stack: owner.stack, startedBy }, toolchain?.pieces ?? []),
      ...ofTheEngine,
      ...(isLockRead ? [lockFinding(settings.tasks, owner.stack, settings.lockIgnored)] : []),
      ...programs,
      ...folders,
      ownersFinding(look.others, folder, owner),
      filesFinding(look.refused, folder),
      routeFinding(look.route),
      ...[otherSettingsFinding(look.otherSettings), proxyFinding(preflight.env)].filter(
        (finding) => finding !== undefined,
      ),
      pulumiFinding(toolchain?.pieces, pluginVersions(preflight.projectDir)),
    ],
    missing: pull?.missing ?? settings.tasks,
  };
}

async function ofEngine(facts: EngineFacts, pull: ToPull, preflight: Preflight): Promise<readonly Finding[]> {
  const { settings, look, askTag } = preflight;
  const { dockerHost } = look.wanted;
  const { info } = facts;
  const mirrors = info.RegistryConfig?.Mirrors ?? [];
  const [missing] = pull.missing;
  const notAsked =
    missing === undefined
      ? "no image is to be pulled"
      : `images are pulled from ${settings.registryMirror} first`;
  const login = missing && loginFinding(settings.registryMirror);
  const [disk, registry, ofRuns] = await Promise.all([
    measureDisk(dockerHost, info),
    missing === undefined || settings.registryMirror !== ""
      ? undefined
      : askRegistry(
          missing.image,
          { dockerHost, mirrors, platform: missing.locked?.platform ?? platformOf(info) },
          askTag,
        ),
    preflight.thorough ? ofRunsOn(facts, preflight) : [],
  ]);
  const date = registry?.answer?.date;
  return [
    storageFinding(info),
    platformFinding(info, settings.tasks),
    spaceFinding(pull, disk, info, dockerHost),
    registryFinding(registry, notAsked),
    quotaFinding(registry, pull.missing.length, notAsked),
    ...(login === undefined ? [] : [login]),
    missing === undefined
      ? ok("downloads", "no image is to be pulled")
      : downloadsFinding(isLocal(dockerHost, info) ? configuredDownloads(daemonFile(info)) : undefined, info),
    clockFinding([
      { name: "the engine", theirs: new Date(info.SystemTime), ours: facts.answeredAt },
      ...(date === undefined
        ? []
        : [{ name: "the registry", theirs: date, ours: registry?.answeredAt ?? date }]),
    ]),
    servicesFinding(look.redis && redisThere(look.redis, preflight)),
    ...ofRuns,
  ];
}

/** What runs need of the engine, and what they have left on it. */
async function ofRunsOn(
  facts: EngineFacts,
  { look: { wanted }, settings, noOutside, abort }: Preflight,
): Promise<readonly Finding[]> {
  const { dockerHost, folder, owner } = wanted;
  const choice =
    noOutside === undefined ? chooseImage(settings.tasks, facts.images, folder) : { none: noOutside };
  const [network, leftovers] = await Promise.all([
    "none" in choice ? choice : askNetwork(choice, { dockerHost, stack: stackIdentity(owner), abort }),
    lookForLeftovers(dockerHost, facts),
  ]);
  return [
    networkFinding(network, { dockerHost, stack: owner.stack }, facts.info),
    leftoversFinding(leftovers, owner.stack),
  ];
}

function redisThere(redis: Known<RedisFacts>, { look, takenPorts }: Preflight): ExistingRedis {
  const { wanted } = look;
  if (wanted.redis && takenPorts?.includes(wanted.redis.port))
    return portTaken(wanted.owner.stack, wanted.redis);
  return "unknown" in redis ? unknownRedis : judgeRedis(redis.value);
}

/** What can be said before the engine runs: that somebody has the port of the services that are to run on it. */
async function ofNoEngine({ look: { redis, wanted } }: Preflight): Promise<readonly Finding[]> {
  if (redis === undefined || "unknown" in redis || wanted.redis?.port === 0) return [];
  const judged = judgeRedis({ ...redis.value, container: undefined });
  return judged.kind === "conflict" ? [servicesFinding(judged)] : [];
}

async function ofPrograms(preflight: Preflight): Promise<readonly Finding[]> {
  const { look, settings, toolchain, thorough, env } = preflight;
  const { folder, owner, pythonVersion: request } = look.wanted;
  const venv = join(folder, ".venv");
  const fault = existsSync(venv) ? faultIn(look.venv) : undefined;
  const inVenv = fault === undefined ? pythonOfVenv(venv) : undefined;
  const version = settings.cooperbenchVersion || newestVersion;
  const source = { repository: settings.cooperbenchRepository, commit: settings.cooperbenchCommit, version };
  const installed = versionIn(folder) ?? (source.commit === "" ? version : undefined);
  // What this project starts makes its own source.
  const isSourceMade = preflight.startedBy === undefined || !isMissingFolder(source.repository);
  const isToClone = !existsSync(folder) && isSourceMade && findOnPath("git", env.PATH) !== undefined;
  const obstacle = inTheWayOf(folder, owner.stack);
  const [git, answer, uv, search] = await Promise.all([
    findGit(thorough, env.PATH),
    isToClone ? askSource(source) : undefined,
    findUv(toolchain?.pieces ?? [], env.PATH),
    isServed({ request, inVenv }) ? undefined : searchPython(request, env),
  ]);
  const { UV_PYTHON_DOWNLOADS = "", UV_OFFLINE = "" } = env;
  const mayDownload = UV_PYTHON_DOWNLOADS !== "never" && !/^(1|true|yes|on)$/i.test(UV_OFFLINE);
  const mustDownload = mayDownload && search !== undefined && search.python === undefined;
  const download = mustDownload ? await askDownload(request) : undefined;
  return [
    clientFinding(findOnPath("docker", env.PATH), preflight.startedBy),
    gitFinding(git, folder, faultIn(look.checkout) === undefined),
    sourceFinding(source, answer, owner.stack),
    ...(obstacle === undefined ? [] : [blocker("checkout", obstacle.found, obstacle.remedies)]),
    ...[versionFinding(installed, owner.stack, "warning")].filter((finding) => finding !== undefined),
    uvFinding(uv),
    pythonFinding(
      { request, takes: pythonsOf(folder), inVenv, fault, search, mayDownload, download },
      owner.stack,
    ),
  ];
}

async function ofFolders(preflight: Preflight): Promise<readonly Finding[]> {
  const { look, toolchain, env } = preflight;
  const isMade = faultIn(look.checkout) === undefined;
  const places = placesOf(
    {
      ...preflight,
      checkout: look.wanted.folder,
      isMade,
      isInstalled: isMade && faultIn(look.venv) === undefined,
      isToolchainReady: toolchain !== undefined,
    },
    env,
  );
  const [folders, rooms] = await Promise.all([
    Promise.all(places.map(lookAtFolder)),
    Promise.all(places.map(measureRoom)),
  ]);
  return [...folderFindings(folders), ...roomFindings(rooms)];
}
