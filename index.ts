import "./program/sdk-costs.ts";
import { hostname } from "node:os";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { runsOf } from "./benchmark/stack-plan.ts";
import { spreadTasks, taskName } from "./benchmark/tasks.ts";
import { BenchmarkImages } from "./components/benchmark-images.ts";
import { CoopServices } from "./components/coop-services.ts";
import { CooperBenchCli } from "./components/cooperbench-cli.ts";
import { Credentials } from "./components/credentials.ts";
import { ModelRoute } from "./components/model-route.ts";
import { Oracle } from "./components/oracle.ts";
import { RunPlan } from "./components/run-plan.ts";
import { StackIdentity } from "./components/stack-identity.ts";
import { placeKey, realPlace } from "./lib/place.ts";
import { configurationOf } from "./program/configuration.ts";
import { readiness } from "./program/readiness.ts";
import { parseSettings } from "./program/settings.ts";
import { ownerOf } from "./program/stack-id.ts";
import { existingGit } from "./provision/engine/existing-git.ts";
import { existingRedis } from "./provision/engine/existing-redis.ts";
import { dockerHostOf } from "./provision/engine/host.ts";
import { lookAtEngine } from "./provision/engine/look.ts";
import { oraclesAtOnce } from "./provision/steps/capacity.ts";

const stack = pulumi.getStack();
const settings = parseSettings(stack, configurationOf(pulumi.runtime.allConfig()), resolve);
const owner = ownerOf(stack, settings);
const identity = new StackIdentity("identity", {
  owner,
  host: hostname(),
  folder: realPlace(process.cwd()),
});
if (owner.id === undefined)
  pulumi.log.warn(`stack ${stack} has no id, and is known by its name. Fix: ./machine up ${stack}`);
const folder = realPlace(settings.cooperbenchDir);
const checkout = { owner, folder, folderKey: placeKey(process.cwd(), folder) };
const dockerHost = dockerHostOf(settings.dockerHost);
const redis = { host: settings.redisHost, port: settings.redisPort };
const [{ images: found, cores, memoryBytes }, redisThere, gitThere] = await Promise.all([
  lookAtEngine(dockerHost),
  settings.coop ? existingRedis(dockerHost, owner, redis) : undefined,
  settings.git ? existingGit(dockerHost, owner) : undefined,
]);
const engine = {
  owner,
  found,
  dockerHost,
  registryMirror: settings.registryMirror,
  pullStallSeconds: settings.pullStallSeconds,
};

const benchmark = new BenchmarkImages("images", {
  ...engine,
  tasks: settings.tasks,
  probeTimeoutSeconds: settings.probeTimeoutSeconds,
});
const cli = new CooperBenchCli("cooperbench", {
  ...checkout,
  repository: settings.cooperbenchRepository,
  commit: settings.cooperbenchCommit,
  pythonVersion: settings.pythonVersion,
  extras: settings.cooperbenchExtras,
  subset: settings.subset,
  tasks: settings.tasks.map(taskName),
});
const credentials = new Credentials(
  "credentials",
  {
    ...checkout,
    cohereApiKey: settings.cohereApiKey,
    modelApiBase: settings.modelApiBase,
  },
  { dependsOn: [cli] },
);
const modelRoute = new ModelRoute(
  "route",
  {
    owner,
    folder,
    cohereApiKey: settings.cohereApiKey,
    modelApiBase: settings.modelApiBase,
    of: [cli.installed, credentials.written],
  },
  { dependsOn: [cli, credentials] },
);
const services =
  redisThere &&
  new CoopServices("coop", {
    ...engine,
    redis,
    existingRedis: redisThere,
    redisImage: settings.redisImage,
    redisNetwork: settings.redisNetwork,
    existingGit: gitThere,
    gitBaseImage: settings.gitBaseImage,
    folder,
    cli,
    of: [cli.installed],
  });
const runs = new RunPlan(
  "runs",
  {
    owner,
    folder,
    dockerHost,
    ...runsOf(settings),
    cores,
    memoryBytes,
  },
  { dependsOn: [cli] },
);
const oracle =
  settings.smoke > 0
    ? new Oracle("oracle", {
        owner,
        tasks: spreadTasks(settings.tasks, settings.smoke),
        imageIdOf: (task) => benchmark.imageIdOf(task),
        folder,
        commit: cli.commit,
        dockerHost,
        atOnce: oraclesAtOnce({ cpus: cores, memoryBytes }),
        timeoutSeconds: settings.smokeTimeoutSeconds,
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
/** How many of the `smoke` tasks have passed their oracle, such as 5/5; null where there are none. */
export const smoke = oracle?.passed ?? null;
/** CooperBench as it is installed: version, commit, absolute folder, and the version of its Python. */
export const cooperbench = cli.verified;
/** The services of cooperating agents, as they are verified; null where the setting coop is off. */
export const coop = services?.verified ?? null;
/** The environment of a run (secret). */
export const environment = credentials.environment;
/** Key of the model under test (secret). */
export const cohereApiKey = pulumi.secret(settings.cohereApiKey);
/** Base URL of the model's API. */
export const modelApiBase = settings.modelApiBase;
/** The URL that a run asks, such as https://stg.api.cohere.com/v2/chat, once proved; undefined where it is not. */
export const route = modelRoute.url;
/** The plan of the runs, with the commands, in Markdown. */
export const plan = runs.markdown;
/** What is ready, and the plan of the runs, in Markdown: `pulumi stack output readme`. */
export const readme = pulumi
  .all([cooperbench, verified, route])
  .apply(
    ([cooperbench, verified, route]) =>
      readiness({ ...cooperbench, stack, subset, verified, route, dockerHost }) + plan,
  );
