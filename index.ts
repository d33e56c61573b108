import { machine, remedyLine } from "./lib/remedy.ts";
import "./program/sdk-costs.ts";
import { hostname } from "node:os";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { leastCapacity, oraclesAtOnce } from "./benchmark/capacity.ts";
import { spreadTasks, taskName } from "./benchmark/tasks.ts";
import { driftOf } from "./checks/drift.ts";
import { BenchmarkImages } from "./components/benchmark-images.ts";
import { CoopServices } from "./components/coop-services.ts";
import { CooperBenchCli } from "./components/cooperbench-cli.ts";
import { Credentials } from "./components/credentials.ts";
import { ModelRoute } from "./components/model-route.ts";
import { Oracle } from "./components/oracle.ts";
import { RunPlan } from "./components/run-plan.ts";
import { StackIdentity } from "./components/stack-identity.ts";
import { realPlace } from "./lib/place.ts";
import { configurationOf } from "./program/configuration.ts";
import { readiness } from "./program/readiness.ts";
import { runsOf } from "./program/runs.ts";
import { parseSettings } from "./program/settings.ts";
import { wantedOf } from "./program/wanted.ts";
import { dockerHostOf, engineHostOf } from "./provision/engine/host.ts";
import { lookAt } from "./provision/look.ts";
import { nextRepair } from "./provision/repair.ts";
import { datasetHash, datasetShape, taskFolder } from "./provision/steps/task-dataset.ts";

const stack = pulumi.getStack();
const settings = parseSettings(stack, configurationOf(pulumi.runtime.allConfig()), {
  file: resolve,
  engine: dockerHostOf,
});
const wanted = wantedOf(stack, settings, process.cwd(), engineHostOf(settings.dockerHost));
const { owner, folder } = wanted;
const identity = new StackIdentity("identity", { owner, host: hostname(), folder: realPlace(process.cwd()) });
const repair = nextRepair(owner);
const { see, findings, capacity, ...there } = driftOf(await lookAt(wanted), repair);
for (const line of there.unknown) pulumi.log.warn(line);
for (const { found, remedies } of settings.called) pulumi.log.warn(`${found}. ${remedyLine(remedies)}`);
if (owner.id === undefined)
  pulumi.log.warn(`stack ${stack} has no id, and is known by its name. ${remedyLine(machine("up", stack))}`);

const { cohereApiKey: key, ...plain } = settings;
const engine = { ...plain, owner, repair, see, dockerHost: wanted.dockerHost };
const benchmark = new BenchmarkImages("images", engine);
const cli = new CooperBenchCli("cooperbench", {
  ...plain,
  ...wanted,
  tasks: settings.tasks.map(taskName),
  datasetShape: () => datasetShape(folder, settings.tasks),
  leftAt: there.headOfUsers === settings.cooperbenchCommit ? undefined : there.headOfUsers,
  findings,
});
const credentials = new Credentials(
  "credentials",
  { ...wanted, cohereApiKey: key, finding: findings.dotenv, hash: there.dotenvHash },
  { dependsOn: [cli] },
);
const modelRoute = new ModelRoute(
  "route",
  {
    ...wanted,
    model: settings.model,
    cohereApiKey: key,
    of: [cli.installed, credentials.hash],
    finding: findings.route,
  },
  { dependsOn: [cli, credentials] },
);
const services =
  wanted.redis &&
  there.redis &&
  new CoopServices("coop", {
    ...engine,
    redis: wanted.redis,
    existingRedis: there.redis,
    existingGit: there.git,
    gitImageFinding: there.gitImageFinding,
    folder,
    cli,
    of: [cli.installed],
  });
const runs = new RunPlan(
  "runs",
  { ...wanted, ...runsOf(settings), capacity, finding: findings.subset },
  { dependsOn: [cli] },
);
const oracles =
  settings.oracleTasks > 0
    ? new Oracle("oracle", {
        ...wanted,
        tasks: spreadTasks(settings.tasks, settings.oracleTasks),
        imageIdOf: (task) => benchmark.imageIdOf(task),
        datasetHashOf: (task) => datasetHash(taskFolder(folder, task)),
        commit: cli.commit,
        installed: cli.installed,
        atOnce: oraclesAtOnce(capacity ?? leastCapacity),
        timeoutSeconds: settings.oracleTimeoutSeconds,
      })
    : undefined;

/** The id that what the stack has made is known by; null for a stack that is older than ids. */
export const stackId = identity.stackId;
/** The chosen subset: lite, flash or full. */
export const subset = settings.subset;
/** What is proved of each image, by task: reference, image id, digest, whether it is locked, platform, base commit. */
export const images = benchmark.images;
/** How many of the images are proved, such as 26/26. */
export const verified = benchmark.verified;
/** How many of the `oracleTasks` have passed their oracle, such as 5/5; null where there are none. */
export const oracle = oracles?.passed ?? null;
/** The same by its old name. */
export const smoke = oracle;
/** CooperBench as it is installed: version, commit, absolute folder, and the version of its Python. */
export const cooperbench = cli.verified;
/** The services of cooperating agents, as they are verified; null where the setting coop is off. */
export const coop = services?.verified ?? null;
/** The environment of a run (secret). */
export const environment = credentials.environment;
/** Key of the model under test (secret). */
export const cohereApiKey = pulumi.secret(key);
/** Base URL of the model's API. */
export const modelApiBase = settings.modelApiBase;
/** The URL that a run asks, such as https://stg.api.cohere.com/v2/chat, once proved; undefined where it is not. */
export const route = modelRoute.url;
/** The plan of the runs, with the commands, in Markdown. */
export const plan = runs.markdown;
/** What is ready, and the plan of the runs, in Markdown: `pulumi stack output readme`. */
export const readme = pulumi
  .all([cooperbench, verified, route, oracle, services?.verified])
  .apply(([cooperbench, verified, route, oracle, coop]) => {
    const proved = { verified, route, oracle, services: services ? coop !== undefined : null };
    return readiness({ ...cooperbench, ...proved, stack, subset, dockerHost: wanted.dockerHost }) + plan;
  });
