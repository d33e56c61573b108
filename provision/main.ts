/**
 * What the program's steps run on the machine: `node provision/main.ts STEP make|ensure|remove`. States have this line, so
 * it stays. A step's request is in a variable, a secret on its standard input; it says what it does on standard
 * error, and prints its result as one line of JSON on standard output (steps/contract.ts).
 */
import { dirname, join, resolve } from "node:path";
import { abortOnSignal } from "../lib/abort.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { oldRequest } from "./old-request.ts";
import { hold, holderFor, isHeldByOther, lastResult, wholeStackVariable } from "./ownership/holder.ts";
import { stackIdentity } from "./ownership/temporary.ts";
import { endRepair } from "./repair.ts";
import {
  findingVariable,
  type Request,
  type Result,
  requestVariable,
  type Secret,
  type StepName,
  type Verb,
} from "./steps/contract.ts";

const report = (line: string) => process.stderr.write(`${line}\n`);

/** What a step does. A removal gives nothing. */
type Act<Name extends StepName> = (
  request: Request<Name>,
  verb: Verb,
  secret: () => Promise<Secret<Name>>,
) => Promise<Result<Name> | undefined>;

// Loaded when asked for: 26 probes start at once, and each pays for what it loads.
const steps: { readonly [Name in StepName]: Act<Name> } = {
  async checkout({ folder, owner, leftAt: _, ...of }, verb) {
    const { ensureCheckout, removeCheckout } = await import("./steps/checkout.ts");
    if (verb === "remove") return gone(removeCheckout(folder, owner, report));
    const holder = holderFor(verb);
    const isNew = verb === "make";
    const last = isNew ? undefined : lastResult<Result<"checkout">>();
    const wanted = { ...of, folder, owner: { ...owner, holder }, isNew, last };
    return { ...(await ensureCheckout(wanted, report)), holder };
  },
  async venv({ folder, owner, pythonVersion, extras }, verb) {
    const [{ ensureVenv, removeVenv }, { markerFile }] = await Promise.all([
      import("./steps/venv.ts"),
      import("./steps/venv/marker.ts"),
    ]);
    const marker = markerFile(join(folder, ".venv"));
    if (verb === "remove") return isHeldByOther(marker) ? undefined : gone(removeVenv(folder, owner, report));
    const held = { ...owner, holder: holderFor(verb) };
    const result = await ensureVenv({ folder, owner: held, pythonVersion, extras }, report, abortOnSignal());
    hold(marker, held);
    return { ...result, holder: held.holder };
  },
  async verification(request) {
    const { verify } = await import("./steps/verification.ts");
    return verify(request);
  },
  async dotenv({ file, owner }, verb, secret) {
    const { writeDotenv, removeFromDotenv } = await import("./steps/dotenv.ts");
    if (verb === "remove") return gone(removeFromDotenv(file, owner));
    const { askerIn } = await import("./steps/dotenv-reader.ts");
    const holder = holderFor(verb);
    const hash = await writeDotenv(file, { ...owner, holder }, await secret(), askerIn(dirname(file)));
    return { file, written: new Date().toISOString(), hash, holder };
  },
  async route(request, _, secret) {
    const { proveRoute } = await import("./steps/route.ts");
    return proveRoute({ ...request, ...(await secret()) });
  },
  async subset({ folder, owner, tasks }, verb) {
    const { ensureSubset, removeSubset } = await import("./steps/subset.ts");
    if (verb === "remove") return gone(removeSubset(folder, owner, tasks, report));
    const holder = holderFor(verb);
    await ensureSubset(folder, { ...owner, holder }, tasks);
    return { folder, holder };
  },
  async "git-image"(request) {
    const { ensureGitImage } = await import("./steps/git-image.ts");
    return ensureGitImage(request);
  },
  async "service-use"({ dockerHost, service, owner, wish }, verb) {
    if (verb === "remove") {
      const { endUse } = await import("./engine/service-use.ts");
      return gone(endUse({ dockerHost, service, owner }, report));
    }
    const { recordUse } = await import("./engine/service-records.ts");
    if (wish === "record") await recordUse(dockerHost, service, owner);
    const last = lastResult<Result<"service-use">>()?.dockerHost;
    if (verb === "ensure" && last !== undefined && last !== dockerHost) {
      const { leaveEngine } = await import("./engine/service-use.ts");
      await leaveEngine({ dockerHost: last, service, owner }, dockerHost, report);
    }
    return { service, dockerHost };
  },
  async coop({ folder, dockerHost, owner, redis, gitClient, conflict, adopted = {} }) {
    const { recordThing, serviceNames } = await import("./engine/service-records.ts");
    for (const service of serviceNames)
      for (const thing of adopted[service] ?? [])
        await recordThing(dockerHost, service, owner, "adopted", thing);
    if (conflict !== undefined) throw new Problem(conflict.found, conflict.remedies);
    const { unpauseOwn } = await import("./engine/unpause.ts");
    await unpauseOwn(dockerHost, owner, report);
    const { verifyRedis } = await import("./steps/redis.ts");
    const seen = await verifyRedis({ folder, address: redis, dockerHost });
    if (gitClient === undefined) return seen;
    const { verifyGit } = await import("./steps/git-server.ts");
    const client = {
      folder,
      container: gitClient,
      dockerHost,
      stack: stackIdentity(owner),
      abort: abortOnSignal(),
    };
    return { ...seen, ...(await verifyGit(client)) };
  },
  async probe({ owner, revision: _, ...request }) {
    const { probe } = await import("./steps/probe.ts");
    return probe({ ...request, stack: stackIdentity(owner), abort: abortOnSignal() });
  },
  async oracle({ owner, imageId, ...request }) {
    if (imageId === "")
      throw new Problem(`${request.image}: its oracle was not run, because the image is not verified`, {
        advice: "follow what its probe says, then run the update again",
      });
    const [{ oracle }, { askCapacity }, { memoryLimitBytes }, { firstFeature }] = await Promise.all([
      import("./steps/oracle.ts"),
      import("./steps/capacity.ts"),
      import("../benchmark/capacity.ts"),
      import("./steps/task-dataset.ts"),
    ]);
    const { image, folder, container, dockerHost, timeoutSeconds } = request;
    return oracle(
      { image, folder, container, feature: firstFeature(folder) ?? 1 },
      {
        ...{ dockerHost, timeoutSeconds, atOnce: 1, stack: stackIdentity(owner), abort: abortOnSignal() },
        checkout: resolve(folder, "../../.."),
        memoryBytes: memoryLimitBytes(await askCapacity(dockerHost)),
      },
    );
  },
};

async function gone(removal: Promise<void>): Promise<undefined> {
  await removal;
}

/** Steps are run by Pulumi, and that by `./machine`. */
const byMachine = machine("up", "STACK");

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Problem(`the step has no variable ${name}`, byMachine);
  return value;
}

/** What the step is asked: of a stack that is older than ids, `./machine destroy` gives the id. */
function requestOf(name: StepName, verb: Verb): Request<StepName> {
  const isOld = verb === "remove" && process.env[requestVariable] === undefined;
  const request: Request<StepName> = isOld
    ? oldRequest(name, process.env, setting)
    : JSON.parse(setting(requestVariable));
  const id = request.owner.id ?? (process.env[wholeStackVariable] || undefined);
  return { ...request, owner: { ...request.owner, id } };
}

async function standardInput(): Promise<string> {
  let text = "";
  for await (const part of process.stdin.setEncoding("utf8")) text += part;
  return text;
}

async function main([name = "", verb = ""]: readonly string[]): Promise<unknown> {
  const act = Object.hasOwn(steps, name) ? (steps[name as StepName] as Act<StepName>) : undefined;
  if (act === undefined)
    throw new Problem(`${JSON.stringify(name)} is no step: ${Object.keys(steps).join(", ")} are`, byMachine);
  if (!/^(make|ensure|remove)$/.test(verb))
    throw new Problem(`${JSON.stringify(verb)} is none of make, ensure, remove`, byMachine);
  const request = requestOf(name as StepName, verb as Verb);
  const secret = async () => JSON.parse(await standardInput()) as Secret<StepName>;
  const result = await act(request, verb as Verb, secret);
  const finding = process.env[findingVariable];
  if (verb !== "remove" && finding !== undefined) endRepair(request.owner, finding);
  return result;
}

try {
  const result = await main(process.argv.slice(2));
  if (result !== undefined) console.log(JSON.stringify(result));
} catch (error) {
  // Not on standard error, which is told line by line as it comes: the failure has both, and is told once.
  console.log(error instanceof Problem ? error.message : String((error as Error).stack));
  process.exitCode = 1;
}
