/**
 * What a machine is for a run, right now: what was proved, when, and whether it is still so. Nothing is proved anew, and
 * nothing is changed; Pulumi's state has the proofs, and quick looks at engine, files and services tell whether what they
 * are of is still there.
 */
import { join } from "node:path";
import type { LockedTask } from "../../benchmark/images-lock.ts";
import { modelEnvironment } from "../../benchmark/model.ts";
import { taskName } from "../../benchmark/tasks.ts";
import { type Known, knownOf } from "../../lib/known.ts";
import { addressOf } from "../../lib/redis-address.ts";
import { type Command, type Fault, isOnly, machine } from "../../lib/remedy.ts";
import type { RawConfiguration } from "../../program/configuration.ts";
import type { Settings } from "../../program/settings.ts";
import type { EngineFacts } from "../../provision/engine/ask.ts";
import { judgeRedis, troubleOf } from "../../provision/engine/existing-redis.ts";
import { faultIn, type Look } from "../../provision/look.ts";
import { versionIn } from "../../provision/steps/checkout/version.ts";
import type { CheckoutResult } from "../../provision/steps/checkout.ts";
import type { VenvResult } from "../../provision/steps/venv.ts";
import type { VerificationResult } from "../../provision/steps/verification.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { engineFinding } from "../doctor/engine.ts";
import { otherSettingsFinding } from "../doctor/route.ts";
import { measureDisk, spaceFinding } from "../doctor/space.ts";
import { toPull } from "../doctor/to-pull.ts";
import { blocker, type Finding, shown, warning } from "../finding.ts";
import { versionFinding } from "../version.ts";
import {
  cliCheck,
  credentialsCheck,
  imagesCheck,
  operationCheck,
  oracleCheck,
  routeCheck,
  runnersCheck,
  type ServicesFacts,
  type StatusCheck,
  servicesCheck,
} from "./checks.ts";
import { type CommandProof, commandProofs } from "./commands.ts";
import { type ImageStatus, imagesStatus } from "./images.ts";
import { lookAtMachine, type Machine, projectAt } from "./machine.ts";
import { proofNames } from "./names.ts";
import { resultOf, type StackState } from "./proofs.ts";

/** What is judged. */
export interface StatusQuestion {
  /** The machine as it is. */
  readonly look: Look;
  /** With the image lock read, where it is there. */
  readonly settings: Settings;
  /** The stack's configuration, as it is set. */
  readonly configuration: RawConfiguration;
  /** Whether the engine is the rehearsal's. */
  readonly isRehearsal: boolean;
  /** What starts it, where this project can. */
  readonly startedBy: Command | undefined;
  readonly projectDir: string;
  /** The pieces of the toolchain; none where there is none yet. */
  readonly pieces: readonly Piece[];
  readonly state: StackState;
  /** Default: this moment. */
  readonly now?: Date;
  /** The dataset of the checkout; undefined where it is not known. */
  readonly dataset?: Dataset | undefined;
  /** Files of the checkout's source that are not its commit's. Default: none. */
  readonly changedSources?: readonly string[];
  /** Why the stack is not this folder's to work on; undefined where it is. */
  readonly refusal?: Fault | undefined;
  /** That the settings have lost the stack's id, which an update gives back; undefined where they have it. */
  readonly lostId?: Fault | undefined;
  /** What is wrong with the secrets of its settings; undefined where nothing is. */
  readonly secrets?: Finding | undefined;
}

/** What a checkout has of the dataset right now. */
export interface Dataset {
  /** What names the files that a run reads. */
  readonly shape: string;
  /** Hash of what the oracle runs of a feature. */
  readonly hashOf: (task: LockedTask, feature: number) => string;
  /** Id that git gives the runner.sh of a task; undefined where there is none. */
  readonly runnerOf: (task: LockedTask) => string | undefined;
  /** The first version of CooperBench that has a runner.sh of this id for a task; undefined where none is known to. */
  readonly versionOf: (task: LockedTask, runner: string) => Promise<string | undefined>;
}

/** A machine as it is for a run. It has no secret. */
export interface MachineStatus {
  readonly stack: string;
  /** When it was looked at, in ISO 8601. */
  readonly at: string;
  /** Whether the images are stand-ins, so that no run here says anything of a model. */
  readonly isRehearsal: boolean;
  /** Whether nothing stands in the way of a run. */
  readonly isReady: boolean;
  readonly checks: readonly StatusCheck[];
  readonly images: readonly ImageStatus[];
  /** What commands have found, each when it was run, the newest first. */
  readonly commands: readonly CommandProof[];
  /** Files of CooperBench's source that are not its commit's. */
  readonly changedSources: readonly string[];
  readonly machine: Machine;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** What is used, with its version and where it came from. */
  readonly versions: readonly Piece[];
  /** Model under test, as `cooperbench run -m` takes it. */
  readonly model: string;
  /** The environment of a run, without its key. */
  readonly environment: Readonly<Record<string, string>>;
  /** The stack's configuration, without its key. */
  readonly configuration: RawConfiguration;
}

/** Stands for a value that is not shown. */
const hidden = "(secret)";

/** What a look at a machine, and the proofs of its stack, mean for a run. Starts and changes nothing. */
export async function machineStatus(question: StatusQuestion): Promise<MachineStatus> {
  const { look, settings, isRehearsal, startedBy, state, refusal, lostId } = question;
  const { dockerHost } = look.wanted;
  const { stack } = look.wanted.owner;
  const at = (question.now ?? new Date()).toISOString();
  const isRead = state.unread === undefined;
  const [space, project] = await Promise.all([spaceOf(question), projectAt(question.projectDir)]);
  const images = imagesStatus(
    settings.tasks,
    {
      engine: knownOf(look.engine)?.images,
      dockerHost,
      oracleTasks: settings.oracleTasks,
      datasetHashOf: question.dataset?.hashOf ?? (() => undefined),
      datasetRunnerOf: question.dataset?.runnerOf ?? (() => undefined),
    },
    state,
  );
  const runners = await runnersOf(question, images);
  const found = [
    ...(refusal === undefined ? [] : [blocker("stack", refusal.found, refusal.remedies)]),
    ...(lostId === undefined ? [] : [warning("stack", lostId.found, lostId.remedies)]),
    ...(question.secrets === undefined ? [] : [question.secrets]),
    engineFinding(look.engine, { ...look.wanted, stack, startedBy }, question.pieces),
    imagesCheck(stack, images, isRead),
    ...(runners === undefined ? [] : [runners]),
    commandLineCheck(question),
    ...versionOf(question),
    ...runChecks(question),
    servicesCheck(stack, servicesOf(question)),
    oracleCheck(stack, images, { at, maxDays: settings.proofMaxAgeDays }, isRead),
    ...space,
    ...(state.isForeign === true ? [] : [operationCheck(stack, state)]),
  ];
  const isUpdating = state.underway?.level === "blocker";
  const checks = isUpdating ? found.map((check) => withWait(check, stack)) : found;
  const { cohereApiKey: _, ...configuration } = question.configuration;
  return {
    stack,
    at,
    isRehearsal,
    isReady: checks.every(({ level }) => level !== "blocker"),
    checks,
    images,
    commands: commandProofs(state),
    changedSources: question.changedSources ?? [],
    machine: lookAtMachine(),
    dockerHost,
    versions: versionsOf(question, look.engine, project),
    model: settings.model,
    environment: { ...modelEnvironment(hidden, settings.modelApiBase), DOCKER_HOST: dockerHost },
    configuration,
  };
}

/** What an update would mend, the one that runs may. */
function withWait(check: StatusCheck, stack: string): StatusCheck {
  const isUpdates = check.check !== "update" && isOnly(check.remedies, machine("up", stack));
  return isUpdates ? { ...check, ...shown({ advice: "wait until the update ends" }) } : check;
}

async function spaceOf({ look, settings }: StatusQuestion): Promise<readonly Finding[]> {
  const engine = knownOf(look.engine);
  if (engine === undefined) return [];
  const { dockerHost } = look.wanted;
  const disk = await measureDisk(dockerHost, engine.info);
  return [spaceFinding(toPull(settings.tasks, engine.images), disk, engine.info, dockerHost)];
}

/** Whether images and dataset are of one version. Git is asked for those that are not. */
async function runnersOf(
  { settings, dataset, state, look }: StatusQuestion,
  images: readonly ImageStatus[],
): Promise<StatusCheck | undefined> {
  if (dataset === undefined) return undefined;
  const versions = await Promise.all(
    settings.tasks.map(async (task, index) => {
      const { runner } = images[index] ?? {};
      const isOther = runner !== undefined && !runner.isDatasets;
      return [taskName(task), isOther ? await dataset.versionOf(task, runner.id) : undefined] as const;
    }),
  );
  const installed = resultOf<VerificationResult>(state.proofs.get(proofNames.cli))?.version;
  const byTask = new Map(versions);
  return runnersCheck(look.wanted.owner.stack, images, installed, (task) => byTask.get(task));
}

function versionOf({ look }: StatusQuestion): readonly StatusCheck[] {
  const { folder, owner } = look.wanted;
  const finding = versionFinding(versionIn(folder), owner.stack, "blocker");
  return finding === undefined ? [] : [finding];
}

function commandLineCheck(question: StatusQuestion): StatusCheck {
  const { look, settings, state, dataset, changedSources = [] } = question;
  const { owner, folder } = look.wanted;
  const checkout = faultIn(look.checkout);
  const venv = faultIn(look.venv);
  const wrong =
    checkout === undefined
      ? venv && `${join(folder, ".venv")}: ${venv}`
      : `the checkout ${folder}: ${checkout}`;
  return cliCheck({
    stack: owner.stack,
    folder,
    wrong,
    commit: wrong === undefined ? knownOf(look.head) : undefined,
    wantedVersion: settings.cooperbenchCommit === "" ? settings.cooperbenchVersion || undefined : undefined,
    wantedCommit:
      settings.cooperbenchCommit || resultOf<CheckoutResult>(state.proofs.get(proofNames.checkout))?.wanted,
    environment: environmentOf(state),
    subset: settings.subset,
    tasks: settings.tasks.map(taskName),
    dataset: dataset?.shape,
    changedSources,
    proof: state.proofs.get(proofNames.cli),
    failed: state.recorded?.failures[proofNames.cli],
    recorded: state.recorded?.cooperbench,
  });
}

/** When the environment last changed, as its own step has it. */
function environmentOf({ proofs }: StackState): string | undefined {
  return resultOf<VenvResult>(proofs.get(proofNames.venv))?.changed;
}

/** What the proofs that need an installation would be of now; undefined where that is not known. */
function installedNow({ look, state }: StatusQuestion): string | undefined {
  const [commit, environment] = [knownOf(look.head), environmentOf(state)];
  return commit === undefined || environment === undefined ? undefined : `${commit} ${environment}`;
}

/** The settings of a run, and the route that it takes with them. */
function runChecks(question: StatusQuestion): readonly StatusCheck[] {
  const { look, settings, state } = question;
  const { owner, folder, modelApiBase } = look.wanted;
  return [
    credentialsCheck(owner.stack, join(folder, ".env"), faultIn(look.dotenv)),
    "unknown" in look.route
      ? blocker("route", `not known: ${look.route.unknown}`, {
          advice: "run this as the user whose files these are",
        })
      : routeCheck({
          stack: owner.stack,
          folder,
          modelApiBase,
          model: settings.model,
          overridden: look.route.value,
          dotenvFault: faultIn(look.dotenv),
          dotenvHash: look.dotenvBytes?.hash,
          installed: installedNow(question),
          proof: state.proofs.get(proofNames.route),
          failed: state.recorded?.failures[proofNames.route],
        }),
    ...[otherSettingsFinding(look.otherSettings)].filter((finding) => finding !== undefined),
  ];
}

function servicesOf(question: StatusQuestion): ServicesFacts | undefined {
  const { look, state } = question;
  const { redis } = look.wanted;
  if (redis === undefined || look.redis === undefined) return undefined;
  return {
    redis,
    ...("unknown" in look.redis
      ? {
          answer: undefined,
          trouble: {
            found: `${redis.port === 0 ? "Redis" : `Redis at ${addressOf(redis)}`} is not known: ${look.redis.unknown}`,
            remedies: { advice: "start the engine, then ask again" },
          },
        }
      : { answer: look.redis.value.answer, trouble: troubleOf(judgeRedis(look.redis.value)) }),
    git:
      look.git &&
      ("unknown" in look.git
        ? `not known (${look.git.unknown})`
        : (look.git.value.container?.state ?? "missing")),
    installed: installedNow(question),
    there: servicesThere(look),
    proof: state.proofs.get(proofNames.coop),
    failed: state.recorded?.failures[proofNames.coop],
  };
}

/** What names the services that are there: another is not proved by what that one has shown. */
function servicesThere(look: Look): readonly string[] {
  const redis = look.redis && knownOf(look.redis);
  const judged = redis && judgeRedis(redis);
  const container = redis?.container === "unknown" ? undefined : redis?.container?.id;
  const git = look.git && knownOf(look.git)?.container?.id;
  return [judged?.kind === "foreign" ? judged.identity : container, git].filter((id) => id !== undefined);
}

function versionsOf(
  { pieces, state: { proofs }, isRehearsal }: StatusQuestion,
  engine: Known<EngineFacts>,
  project: Awaited<ReturnType<typeof projectAt>>,
): readonly Piece[] {
  const checkout = resultOf<CheckoutResult>(proofs.get(proofNames.checkout));
  const cli = resultOf<VerificationResult>(proofs.get(proofNames.cli));
  return [
    ...(project === undefined
      ? []
      : [
          {
            name: "cooperbench-machine",
            version: project.commit.slice(0, 12),
            from: project.isChanged ? "its checkout, with changes" : "its checkout",
          },
        ]),
    ...(cli === undefined
      ? []
      : [
          { name: "CooperBench", version: cli.version, from: `commit ${checkout?.commit ?? "unknown"}` },
          { name: "Python", version: cli.pythonVersion, from: "the virtual environment" },
        ]),
    ...("unknown" in engine
      ? []
      : [
          {
            name: "Docker engine",
            version: engine.value.version.Version,
            from: `API ${engine.value.version.ApiVersion}, storage driver ${engine.value.info.Driver}${isRehearsal ? ", the rehearsal's own" : ""}`,
          },
        ]),
    ...pieces,
  ];
}
