/**
 * What a machine is for a run, right now: what was proved, when, and whether it is still so. Nothing is proved anew, and
 * nothing is changed; Pulumi's state has the proofs, and quick looks at engine, files and services tell whether what they
 * are of is still there.
 */
import { join, resolve } from "node:path";
import { realPlace } from "../../lib/place.ts";
import type { RawConfiguration } from "../../program/configuration.ts";
import type { Settings } from "../../program/settings.ts";
import { ownerOf } from "../../program/stack-id.ts";
import { judgeRedis, lookAtRedis, troubleOf } from "../../provision/engine/existing-redis.ts";
import { containerAt } from "../../provision/engine/owned.ts";
import { gitNames } from "../../provision/engine/service-names.ts";
import { type CheckoutResult, headOf, inspectCheckout } from "../../provision/steps/checkout.ts";
import { inspectDotenv } from "../../provision/steps/dotenv.ts";
import { modelEnvironment, modelName } from "../../provision/steps/model.ts";
import { inspectWrittenRoute, writtenEnvironment } from "../../provision/steps/route-drift.ts";
import { inspectVenv } from "../../provision/steps/venv.ts";
import type { VerificationResult } from "../../provision/steps/verification.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { askEngine, type EngineAnswer, engineFinding } from "../doctor/engine.ts";
import { measureDisk, spaceFinding } from "../doctor/space.ts";
import { toPull } from "../doctor/to-pull.ts";
import { blocker } from "../finding.ts";
import {
  cliCheck,
  credentialsCheck,
  imagesCheck,
  operationCheck,
  oracleCheck,
  routeCheck,
  type StatusCheck,
  servicesCheck,
} from "./checks.ts";
import { type ImageStatus, imagesStatus } from "./images.ts";
import { lookAtMachine, type Machine, projectAt } from "./machine.ts";
import { proofNames } from "./names.ts";
import { resultOf, type StackState } from "./proofs.ts";

/** What is looked at. */
export interface StatusQuestion {
  readonly stack: string;
  /** With the image lock read, where it is there. */
  readonly settings: Settings;
  /** The stack's configuration, as it is set. */
  readonly configuration: RawConfiguration;
  /** Docker engine of the stack, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Whether that engine is the rehearsal's. */
  readonly isRehearsal: boolean;
  /** Command that starts it, where this project can. */
  readonly startedBy: string | undefined;
  readonly projectDir: string;
  /** The pieces of the toolchain; none where there is none yet. */
  readonly pieces: readonly Piece[];
  readonly state: StackState;
  /** Why the stack is not this folder's to work on; undefined where it is. */
  readonly refusal?: { readonly found: string; readonly remedy: string } | undefined;
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

/** Looks at a machine. Starts and changes nothing. */
export async function machineStatus(question: StatusQuestion): Promise<MachineStatus> {
  const { stack, settings, dockerHost, isRehearsal, startedBy, state, refusal } = question;
  const at = new Date().toISOString();
  const [engine, cli, services, project] = await Promise.all([
    lookAtEngine(question),
    lookAtCli(question),
    lookAtServices(question),
    projectAt(question.projectDir),
  ]);
  const images = imagesStatus(settings.tasks, engine.images, state.proofs, settings.smoke);
  const checks = [
    ...(refusal === undefined ? [] : [blocker("stack", refusal.found, refusal.remedy)]),
    engineFinding(engine.answer, { dockerHost, stack, startedBy }, question.pieces),
    imagesCheck(stack, images),
    cli,
    ...runChecks(question),
    servicesCheck(stack, services),
    oracleCheck(stack, images),
    ...engine.space,
    ...(state.isForeign === true ? [] : [operationCheck(stack, state)]),
  ];
  const { cohereApiKey: _, ...configuration } = question.configuration;
  return {
    stack,
    at,
    isRehearsal,
    isReady: checks.every(({ level }) => level !== "blocker"),
    checks,
    images,
    machine: lookAtMachine(),
    dockerHost,
    versions: versionsOf(question, engine.answer, project),
    model: modelName,
    environment: { ...modelEnvironment(hidden, settings.modelApiBase), DOCKER_HOST: dockerHost },
    configuration,
  };
}

async function lookAtEngine({ dockerHost, settings }: StatusQuestion) {
  const answer = await askEngine(dockerHost);
  if ("error" in answer) return { answer, images: undefined, space: [] };
  const { info, images } = answer;
  const disk = await measureDisk(dockerHost, info);
  return { answer, images, space: [spaceFinding(toPull(settings.tasks, images), disk, info, dockerHost)] };
}

async function lookAtCli({
  stack,
  settings,
  projectDir,
  state: { proofs },
}: StatusQuestion): Promise<StatusCheck> {
  const folder = realPlace(resolve(projectDir, settings.cooperbenchDir));
  const checkout = inspectCheckout(folder);
  const venv = inspectVenv(folder, settings.pythonVersion, ownerOf(stack, settings));
  const wrong =
    checkout === undefined
      ? venv && `${join(folder, ".venv")}: ${venv}`
      : `the checkout ${folder}: ${checkout}`;
  return cliCheck({
    stack,
    folder,
    wrong,
    commit: wrong === undefined ? await headOf(folder).catch(() => undefined) : undefined,
    provedCommit: resultOf<CheckoutResult>(proofs.get(proofNames.checkout))?.commit,
    proof: proofs.get(proofNames.cli),
  });
}

/** The settings of a run, and the route that it takes with them. */
function runChecks({
  stack,
  settings,
  projectDir,
  state: { proofs },
}: StatusQuestion): readonly StatusCheck[] {
  const { cooperbenchDir, modelApiBase } = settings;
  const owner = ownerOf(stack, settings);
  const folder = realPlace(resolve(projectDir, cooperbenchDir));
  const dotenv = join(folder, ".env");
  // The stack's key is encrypted here.
  const wanted = writtenEnvironment(folder, owner, modelApiBase);
  const wrong =
    inspectDotenv(dotenv, owner, wanted) ?? (wanted.COHERE_API_KEY === "" ? "it has no key" : undefined);
  return [
    credentialsCheck(stack, dotenv, wrong),
    routeCheck({
      stack,
      modelApiBase,
      overridden: inspectWrittenRoute(folder, wanted),
      proof: proofs.get(proofNames.route),
    }),
  ];
}

async function lookAtServices({ stack, settings, dockerHost, state: { proofs } }: StatusQuestion) {
  if (!settings.coop) return undefined;
  const redis = { host: settings.redisHost, port: settings.redisPort };
  const [facts, git] = await Promise.all([
    lookAtRedis(dockerHost, ownerOf(stack, settings), redis),
    settings.git ? containerAt(dockerHost, gitNames.container).catch(() => undefined) : undefined,
  ]);
  return {
    redis,
    answer: facts.answer,
    trouble: troubleOf(judgeRedis(facts)),
    git: settings.git ? (git?.state ?? "missing") : undefined,
    proof: proofs.get(proofNames.coop),
  };
}

function versionsOf(
  { pieces, state: { proofs }, isRehearsal }: StatusQuestion,
  answer: EngineAnswer,
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
    ...("error" in answer
      ? []
      : [
          {
            name: "Docker engine",
            version: answer.version.Version,
            from: `API ${answer.version.ApiVersion}, storage driver ${answer.info.Driver}${isRehearsal ? ", the rehearsal's own" : ""}`,
          },
        ]),
    ...pieces,
  ];
}
