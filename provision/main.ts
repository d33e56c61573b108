/**
 * What the program's commands run on the machine: `node provision/main.ts <thing> <verb>`. Each reads its settings
 * from the environment (secrets from standard input), says what it does on standard error, and prints its result as
 * one line of JSON on standard output.
 */
import { abortOnSignal } from "./abort.ts";
import { Problem } from "./problem.ts";
import type { SubsetTask } from "./subset.ts";

const report = (line: string) => process.stderr.write(`${line}\n`);

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Problem(`the environment has no ${name}`);
  return value;
}

/** The stack that this is for. */
function ownerSetting() {
  return { stack: setting("STACK"), id: process.env.STACK_ID || undefined };
}

async function standardInput(): Promise<string> {
  let text = "";
  for await (const part of process.stdin.setEncoding("utf8")) text += part;
  return text;
}

// Loaded when asked for: 26 probes start at once, and each pays for what it loads.
const things: Record<string, (verb: string) => Promise<unknown>> = {
  async checkout(verb) {
    const { ensureCheckout, removeCheckout } = await import("./checkout.ts");
    const folder = setting("FOLDER");
    const owner = ownerSetting();
    if (verb === "remove") return removeCheckout(folder, owner, report);
    const repository = setting("REPOSITORY");
    return ensureCheckout({ folder, owner, repository, commit: setting("COMMIT") }, report);
  },
  async venv(verb) {
    const { ensureVenv, removeVenv } = await import("./venv.ts");
    const folder = setting("FOLDER");
    const owner = ownerSetting();
    if (verb === "remove") return removeVenv(folder, owner, report);
    const extras = JSON.parse(setting("EXTRAS")) as string[];
    const wanted = { folder, owner, pythonVersion: setting("PYTHON_VERSION"), extras };
    return ensureVenv(wanted, report, abortOnSignal());
  },
  async verification() {
    const { verify } = await import("./verification.ts");
    const tasks = JSON.parse(setting("TASKS")) as string[];
    return verify({ folder: setting("FOLDER"), subset: setting("SUBSET"), tasks });
  },
  async "git-image"() {
    const { ensureGitImage } = await import("./git-image.ts");
    return ensureGitImage({ folder: setting("FOLDER"), image: setting("IMAGE") });
  },
  async coop() {
    if (process.env.CONFLICT) throw new Problem(process.env.CONFLICT);
    const { verifyRedis } = await import("./redis.ts");
    const folder = setting("FOLDER");
    const redis = await verifyRedis({ folder, address: setting("REDIS") });
    const container = process.env.GIT_CLIENT;
    if (container === undefined) return redis;
    const { verifyGit } = await import("./git-server.ts");
    return { ...redis, ...(await verifyGit({ folder, container, abort: abortOnSignal() })) };
  },
  async dotenv(verb) {
    const { writeDotenv, removeFromDotenv } = await import("./dotenv.ts");
    const file = setting("FILE");
    const owner = ownerSetting();
    if (verb === "remove") return removeFromDotenv(file, owner);
    await writeDotenv(file, owner, JSON.parse(await standardInput()) as Record<string, string>);
    return { file, written: new Date().toISOString() };
  },
  async route() {
    const { proveRoute } = await import("./route.ts");
    const { key } = JSON.parse(await standardInput()) as { key: string };
    return proveRoute({
      folder: setting("FOLDER"),
      modelApiBase: setting("MODEL_API_BASE"),
      model: setting("MODEL"),
      key,
    });
  },
  async subset(verb) {
    const { ensureSubset, removeSubset } = await import("./subset.ts");
    const folder = setting("FOLDER");
    const owner = ownerSetting();
    if (verb === "remove") return removeSubset(folder, owner);
    await ensureSubset(folder, owner, JSON.parse(setting("TASKS")) as SubsetTask[]);
    return { folder };
  },
  async probe(image) {
    const { probe } = await import("./probe.ts");
    const locked = process.env.DIGEST && {
      digest: process.env.DIGEST,
      imageId: setting("IMAGE_ID"),
      platform: setting("PLATFORM"),
    };
    return probe({
      image,
      ...(locked && { locked }),
      baseCommit: setting("BASE_COMMIT"),
      container: setting("CONTAINER"),
      timeoutSeconds: Number(setting("TIMEOUT_SECONDS")),
      abort: abortOnSignal(),
    });
  },
  async oracle(image) {
    if (setting("IMAGE_ID") === "")
      throw new Problem(`${image}: its oracle was not run, for it is not verified`);
    const [{ oracle }, { askCapacity, memoryLimitBytes }, { firstFeature }] = await Promise.all([
      import("./oracle.ts"),
      import("./capacity.ts"),
      import("./task-dataset.ts"),
    ]);
    const folder = setting("FOLDER");
    return oracle({
      image,
      folder,
      feature: firstFeature(folder) ?? 1,
      container: setting("CONTAINER"),
      timeoutSeconds: Number(setting("TIMEOUT_SECONDS")),
      memoryBytes: memoryLimitBytes(await askCapacity()),
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
