/**
 * What the program's commands run on the machine: `node provision/main.ts <thing> <verb>`. Each reads its settings
 * from the environment (secrets from standard input), says what it does on standard error, and prints its result as
 * one line of JSON on standard output.
 */
import { join } from "node:path";
import { abortOnSignal } from "../lib/abort.ts";
import { Problem } from "../lib/problem.ts";
import type { ServiceName } from "./engine/service-records.ts";
import { type Holder, hold, holderFor, isHeldByOther, wholeStackVariable } from "./ownership/holder.ts";
import { stackIdentity } from "./ownership/temporary.ts";
import type { SubsetTask } from "./steps/subset.ts";

/** Ids of things that are older than ids and in the stack's state, by the service that they are of. */
type AdoptedThings = Readonly<Partial<Record<ServiceName, readonly string[]>>>;

const report = (line: string) => process.stderr.write(`${line}\n`);

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Problem(`the environment has no ${name}`);
  return value;
}

/** The stack that this is for. The state of a stack that is older than ids has none, which `./machine destroy` gives. */
function ownerSetting() {
  return {
    stack: setting("STACK"),
    id: process.env.STACK_ID || process.env[wholeStackVariable] || undefined,
  };
}

/** The stack, with the word of the resource that is made or found. */
const holderSetting = (verb: string): Holder => ({ ...ownerSetting(), holder: holderFor(verb) });

async function standardInput(): Promise<string> {
  let text = "";
  for await (const part of process.stdin.setEncoding("utf8")) text += part;
  return text;
}

// Loaded when asked for: 26 probes start at once, and each pays for what it loads.
const things: Record<string, (verb: string) => Promise<unknown>> = {
  async checkout(verb) {
    const { ensureCheckout, removeCheckout } = await import("./steps/checkout.ts");
    const folder = setting("FOLDER");
    if (verb === "remove") return removeCheckout(folder, ownerSetting(), report);
    const [repository, commit] = [setting("REPOSITORY"), setting("COMMIT")];
    const owner = holderSetting(verb);
    const isNew = verb === "make";
    const result = await ensureCheckout({ folder, owner, repository, commit, isNew }, report);
    return { ...result, holder: owner.holder };
  },
  async venv(verb) {
    const [{ ensureVenv, removeVenv }, { markerFile }] = await Promise.all([
      import("./steps/venv.ts"),
      import("./steps/venv/marker.ts"),
    ]);
    const folder = setting("FOLDER");
    const marker = markerFile(join(folder, ".venv"));
    if (verb === "remove")
      return isHeldByOther(marker) ? undefined : removeVenv(folder, ownerSetting(), report);
    const extras = JSON.parse(setting("EXTRAS")) as string[];
    const owner = holderSetting(verb);
    const pythonVersion = setting("PYTHON_VERSION");
    const wanted = { folder, owner, pythonVersion, extras };
    const result = await ensureVenv(wanted, report, abortOnSignal());
    hold(marker, owner);
    return { ...result, holder: owner.holder };
  },
  async verification() {
    const { verify } = await import("./steps/verification.ts");
    const tasks = JSON.parse(setting("TASKS")) as string[];
    return verify({ folder: setting("FOLDER"), subset: setting("SUBSET"), tasks });
  },
  async "git-image"() {
    const { ensureGitImage } = await import("./steps/git-image.ts");
    return ensureGitImage({ folder: setting("FOLDER"), image: setting("IMAGE") });
  },
  async "service-use"(verb) {
    const service = setting("SERVICE") as ServiceName;
    const use = { dockerHost: setting("DOCKER_HOST"), service, owner: ownerSetting() };
    if (verb === "remove") {
      const { endUse } = await import("./engine/service-use.ts");
      return endUse(use, report);
    }
    if (setting("USE") === "record") {
      const { recordUse } = await import("./engine/service-records.ts");
      await recordUse(use.dockerHost, service, use.owner);
    }
    return { service };
  },
  async coop() {
    const dockerHost = setting("DOCKER_HOST");
    if (process.env.ADOPTED !== undefined) {
      const { recordThing } = await import("./engine/service-records.ts");
      for (const [service, things] of Object.entries(JSON.parse(process.env.ADOPTED) as AdoptedThings))
        for (const thing of things)
          await recordThing(dockerHost, service as ServiceName, ownerSetting(), "adopted", thing);
    }
    if (process.env.CONFLICT) throw new Problem(process.env.CONFLICT);
    const { verifyRedis } = await import("./steps/redis.ts");
    const folder = setting("FOLDER");
    const redis = await verifyRedis({ folder, address: setting("REDIS"), dockerHost });
    const container = process.env.GIT_CLIENT;
    if (container === undefined) return redis;
    const { verifyGit } = await import("./steps/git-server.ts");
    const stack = stackIdentity(process.env);
    return {
      ...redis,
      ...(await verifyGit({ folder, container, dockerHost, stack, abort: abortOnSignal() })),
    };
  },
  async dotenv(verb) {
    const { writeDotenv, removeFromDotenv } = await import("./steps/dotenv.ts");
    const file = setting("FILE");
    if (verb === "remove") return removeFromDotenv(file, ownerSetting());
    const owner = holderSetting(verb);
    await writeDotenv(file, owner, JSON.parse(await standardInput()) as Record<string, string>);
    return { file, written: new Date().toISOString(), holder: owner.holder };
  },
  async route() {
    const { proveRoute } = await import("./steps/route.ts");
    const { key } = JSON.parse(await standardInput()) as { key: string };
    return proveRoute({
      folder: setting("FOLDER"),
      modelApiBase: setting("MODEL_API_BASE"),
      model: setting("MODEL"),
      key,
    });
  },
  async subset(verb) {
    const { ensureSubset, removeSubset } = await import("./steps/subset.ts");
    const folder = setting("FOLDER");
    const tasks = JSON.parse(setting("TASKS")) as SubsetTask[];
    if (verb === "remove") return removeSubset(folder, ownerSetting(), tasks, report);
    const owner = holderSetting(verb);
    await ensureSubset(folder, owner, tasks);
    return { folder, holder: owner.holder };
  },
  async probe(image) {
    const { probe } = await import("./steps/probe.ts");
    const locked = process.env.DIGEST && {
      digest: process.env.DIGEST,
      imageId: setting("IMAGE_ID"),
      platform: setting("PLATFORM"),
    };
    return probe({
      dockerHost: setting("DOCKER_HOST"),
      image,
      ...(locked && { locked }),
      baseCommit: setting("BASE_COMMIT"),
      container: setting("CONTAINER"),
      stack: stackIdentity(process.env),
      timeoutSeconds: Number(setting("TIMEOUT_SECONDS")),
      abort: abortOnSignal(),
    });
  },
  async oracle(image) {
    if (setting("IMAGE_ID") === "")
      throw new Problem(`${image}: its oracle was not run, for it is not verified`);
    const [{ oracle }, { askCapacity, memoryLimitBytes }, { firstFeature }] = await Promise.all([
      import("./steps/oracle.ts"),
      import("./steps/capacity.ts"),
      import("./steps/task-dataset.ts"),
    ]);
    const [folder, dockerHost] = [setting("FOLDER"), setting("DOCKER_HOST")];
    return oracle({
      dockerHost,
      image,
      folder,
      feature: firstFeature(folder) ?? 1,
      container: setting("CONTAINER"),
      stack: stackIdentity(process.env),
      timeoutSeconds: Number(setting("TIMEOUT_SECONDS")),
      memoryBytes: memoryLimitBytes(await askCapacity(dockerHost)),
      abort: abortOnSignal(),
    });
  },
};

try {
  const [thing = "", verb = ""] = process.argv.slice(2);
  const act = things[thing];
  if (act === undefined)
    throw new Problem(`got ${JSON.stringify(thing)}, want one of ${Object.keys(things).join(", ")}`);
  const result = await act(verb);
  if (result !== undefined) console.log(JSON.stringify(result));
} catch (error) {
  report(error instanceof Problem ? error.message : String((error as Error).stack));
  process.exitCode = 1;
}
