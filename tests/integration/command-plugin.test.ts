/**
 * The contract of @pulumi/command 1.2.1 for local.Command and local.run, asked of the plugin that the toolchain put
 * in place, by its own protocol. The official plugin passes too: PULUMI_COMMAND_PLUGIN=<its file> asks that one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readyToolchain } from "../../toolchain/toolchain.ts";

type Values = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: the stubs that the SDK generates have no types for these calls
type Stub = any;

const require = createRequire(import.meta.url);
const sdk = createRequire(require.resolve("@pulumi/pulumi"));
const grpc = sdk("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
const { Struct } = sdk("google-protobuf/google/protobuf/struct_pb.js") as Stub;
const { Empty } = sdk("google-protobuf/google/protobuf/empty_pb.js") as Stub;
const messages = require("@pulumi/pulumi/proto/provider_pb.js") as Stub;
const { ResourceProviderClient } = require("@pulumi/pulumi/proto/provider_grpc_pb.js") as Stub;
const { EngineService } = require("@pulumi/pulumi/proto/engine_grpc_pb.js") as Stub;

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const URN = "urn:pulumi:test::test::command:local:Command::probe";
const secret = (value: unknown) => ({ [SIGNATURE]: SECRET, value });
const isSecret = (value: unknown) => (value as Values | undefined)?.[SIGNATURE] === SECRET;

const toolchain = await readyToolchain({
  projectDir: join(import.meta.dirname, "..", ".."),
  report: console.log,
});
const home = toolchain.env.PULUMI_HOME ?? process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
const pluginFile =
  process.env.PULUMI_COMMAND_PLUGIN ??
  join(home, "plugins", "resource-command-v1.2.1", "pulumi-resource-command");
const OFFICIAL =
  process.env.PULUMI_COMMAND_PLUGIN !== undefined ||
  !toolchain.pieces.some(({ name, from }) => name === "plugin command" && from === "closed-network set");

let dir: string;
let engine: Stub;
let plugin: ChildProcess;
let client: Stub;
let logged: { message: string; ephemeral: boolean }[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "command-plugin-"));
  engine = new grpc.Server();
  engine.addService(EngineService, {
    log: (call: Stub, reply: (error: null, value: unknown) => void) => {
      logged.push({ message: call.request.getMessage(), ephemeral: call.request.getEphemeral() });
      reply(null, new Empty());
    },
  });
  const enginePort = await new Promise<number>((resolve, reject) =>
    engine.bindAsync(
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
      (error: Error | null, port: number) => (error ? reject(error) : resolve(port)),
    ),
  );
  plugin = spawn(pluginFile, [`127.0.0.1:${enginePort}`], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: plugin.stdout as NonNullable<typeof plugin.stdout> });
  const [port] = (await once(lines, "line")) as [string];
  client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const configure = new messages.ConfigureRequest();
  configure.setAcceptsecrets(true);
  configure.setAcceptresources(true);
  configure.setArgs(Struct.fromJavaScript({}));
  await call("configure", configure);
});

afterAll(async () => {
  client?.close();
  if (plugin && plugin.exitCode === null) {
    plugin.kill();
    await once(plugin, "exit");
  }
  engine?.forceShutdown();
  if (dir) rmSync(dir, { recursive: true });
});

beforeEach(() => {
  logged = [];
});

function call(method: string, request: unknown): Promise<Stub> {
  return new Promise((resolve, reject) =>
    client[method](request, (error: Error | null, value: unknown) =>
      error ? reject(error) : resolve(value),
    ),
  );
}

async function create(inputs: Values, preview = false): Promise<Values> {
  const request = new messages.CreateRequest();
  request.setUrn(URN);
  request.setProperties(Struct.fromJavaScript(inputs));
  request.setPreview(preview);
  return (await call("create", request)).getProperties().toJavaScript();
}

async function update(olds: Values, news: Values, preview = false): Promise<Values> {
  const request = new messages.UpdateRequest();
  request.setId("probe");
  request.setUrn(URN);
  request.setOlds(Struct.fromJavaScript(olds));
  request.setNews(Struct.fromJavaScript(news));
  request.setPreview(preview);
  return (await call("update", request)).getProperties().toJavaScript();
}

async function destroy(state: Values): Promise<void> {
  const request = new messages.DeleteRequest();
  request.setId("probe");
  request.setUrn(URN);
  request.setProperties(Struct.fromJavaScript(state));
  await call("delete", request);
}

async function diff(olds: Values, news: Values): Promise<{ changes: boolean; replaces: string[] }> {
  const request = new messages.DiffRequest();
  request.setId("probe");
  request.setUrn(URN);
  request.setOlds(Struct.fromJavaScript({ stdout: "", stderr: "", ...olds }));
  request.setOldInputs(Struct.fromJavaScript(olds));
  request.setNews(Struct.fromJavaScript(news));
  const response = await call("diff", request);
  return {
    changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
    replaces: response.getReplacesList(),
  };
}

async function check(news: Values): Promise<{ inputs: Values; failures: string[] }> {
  const request = new messages.CheckRequest();
  request.setUrn(URN);
  request.setNews(Struct.fromJavaScript(news));
  const response = await call("check", request);
  return {
    inputs: response.getInputs()?.toJavaScript() ?? {},
    failures: response.getFailuresList().map((failure: Stub) => failure.getProperty()),
  };
}

async function eventually(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 8_000; Date.now() < end && !holds(); ) await sleep(20);
  expect(holds()).toBe(true);
}

describe("create", () => {
  test("keeps the two streams apart, and takes one newline off their ends", async () => {
    const state = await create({ create: "echo out; echo; echo err >&2" });
    expect(state).toMatchObject({ stdout: "out\n", stderr: "err", create: "echo out; echo; echo err >&2" });
  });

  test("does not run in a preview, and its outputs are unknown there", async () => {
    const state = await create({ create: `touch ${join(dir, "previewed")}` }, true);
    expect(state.stdout).toBe(UNKNOWN);
    expect(existsSync(join(dir, "previewed"))).toBe(false);
  });

  test("gives environment, standard input and folder to the command", async () => {
    const state = await create({
      create: 'pwd; echo "$GREETING"; cat',
      environment: { GREETING: "a b" },
      stdin: "from stdin",
      dir: "/",
    });
    expect(state.stdout).toBe("/\na b\nfrom stdin");
  });

  test("runs in the plugin's own folder when none is given", async () => {
    expect((await create({ create: "pwd -P" })).stdout).toBe(dir);
  });

  test("passes the command to the interpreter as one argument", async () => {
    const interpreter = [process.execPath, "-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--"];
    expect((await create({ create: `a "b" $c; d`, interpreter })).stdout).toBe('["a \\"b\\" $c; d"]');
  });

  test("without a command does nothing and has empty outputs", async () => {
    expect(await create({ delete: "true" })).toMatchObject({ stdout: "", stderr: "" });
  });

  test("fails with exit status, command and both streams", async () => {
    await expect(create({ create: "echo out; echo err >&2; exit 3" })).rejects.toThrow(
      /exit status 3: running "echo out; echo err >&2; exit 3":\n(out\nerr|err\nout)\n/,
    );
  });

  test("fails when its folder is not there", async () => {
    await expect(create({ create: "true", dir: join(dir, "none") })).rejects.toThrow(
      /no such file or directory/,
    );
  });
});

describe("update and delete", () => {
  const olds = { create: "echo one", stdout: "previous out", stderr: "previous err" };
  const show = 'echo "$PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR"';

  test("an update runs `update`, with the previous outputs in its environment", async () => {
    const state = await update(olds, { create: "echo two", update: show });
    expect(state.stdout).toBe("previous out/previous err");
  });

  test("without `update` it runs `create` again", async () => {
    expect((await update(olds, { create: "echo two" })).stdout).toBe("two");
  });

  test("addPreviousOutputInEnv: false keeps the previous outputs out", async () => {
    expect((await update(olds, { create: show, addPreviousOutputInEnv: false })).stdout).toBe("/");
  });

  test("a delete runs `delete`, with the last outputs in its environment", async () => {
    await destroy({ ...olds, delete: `${show} > ${join(dir, "deleted")}` });
    expect(readFileSync(join(dir, "deleted"), "utf8")).toBe("previous out/previous err\n");
  });

  test("a failing delete is an error", async () => {
    await expect(destroy({ ...olds, delete: "exit 4" })).rejects.toThrow(/exit status 4: running "exit 4"/);
  });
});

describe("diff and check", () => {
  test("equal inputs are no change", async () => {
    expect(await diff({ create: "a", triggers: [1] }, { create: "a", triggers: [1] })).toEqual({
      changes: false,
      replaces: [],
    });
  });

  test("a changed command updates", async () => {
    expect(await diff({ create: "a" }, { create: "b" })).toEqual({ changes: true, replaces: [] });
  });

  // @pulumi/command itself adds replaceOnChanges for triggers, so the engine replaces for any change of them.
  test("a changed trigger is a change", async () => {
    expect((await diff({ triggers: ["a", { b: 1 }] }, { triggers: ["a", { b: 2 }] })).changes).toBe(true);
  });

  test("good inputs pass unchanged, secrets as secrets", async () => {
    const inputs = { create: "a", environment: { KEY: secret("canary") }, triggers: [1, "b", true] };
    expect(await check(inputs)).toEqual({ inputs, failures: [] });
  });

  test("a command that is no string is refused by its name", async () => {
    expect((await check({ create: ["a"] })).failures).toEqual(["create"]);
  });
});

describe("secrets", () => {
  test("a secret input stays secret in the state", async () => {
    const state = await create({ create: "cat", stdin: secret("canary"), logging: "none" });
    expect(isSecret(state.stdin)).toBe(true);
    expect(isSecret(state.create)).toBe(false);
  });
});

describe("logging", () => {
  test.each([
    [undefined, ["out", "err"]],
    ["stdoutAndStderr", ["out", "err"]],
    ["stdout", ["out"]],
    ["stderr", ["err"]],
    ["none", []],
  ])("%s logs %j while the command runs", async (logging, expected) => {
    await create({ create: "echo out; echo err >&2", ...(logging && { logging }) });
    expect(logged.map(({ message }) => message.trim()).sort()).toEqual([...expected].sort());
    expect(logged.every(({ ephemeral }) => ephemeral)).toBe(true);
  });
});

describe("files", () => {
  test("assetPaths and archivePaths give the files that the last matching rule includes", async () => {
    const paths = ["made/**", "!**secret*"];
    const state = await create({
      create:
        "mkdir -p made/deep && echo a > made/a.txt && echo b > made/deep/b.txt && echo s > made/secret.txt",
      assetPaths: paths,
      archivePaths: paths,
    });
    expect(Object.keys(state.assets as Values).sort()).toEqual(["made/a.txt", "made/deep/b.txt"]);
    expect(Object.keys((state.archive as { assets: Values }).assets).sort()).toEqual([
      "made/a.txt",
      "made/deep/b.txt",
    ]);
  });
});

describe("local.run", () => {
  async function runFunction(args: Values): Promise<Stub> {
    const request = new messages.InvokeRequest();
    request.setTok("command:local:run");
    request.setArgs(Struct.fromJavaScript(args));
    return call("invoke", request);
  }

  test("runs its command and returns its outputs", async () => {
    const response = await runFunction({ command: 'echo "$A"', environment: { A: "b" } });
    expect(response.getReturn().toJavaScript()).toMatchObject({ stdout: "b", stderr: "" });
  });

  test("without a command is refused", async () => {
    const response = await runFunction({});
    expect(response.getFailuresList().map((failure: Stub) => failure.getProperty())).toEqual(["command"]);
  });
});

// The last ones: after a cancel the plugin has no more to do.
describe("cancel", () => {
  async function cancelled(script: string): Promise<string[]> {
    const pids = join(dir, "pids");
    writeFileSync(pids, "");
    const running = create({ create: script.replaceAll("PIDS", pids) });
    const ended = expect(running).rejects.toThrow(/signal: (terminated|killed|interrupt)/);
    await eventually(() => readFileSync(pids, "utf8").includes("ready"));
    await call("cancel", new Empty());
    await ended;
    const numbers = readFileSync(pids, "utf8").match(/^\d+$/gm) ?? [];
    expect(numbers.length).toBeGreaterThan(0);
    const living = () => numbers.filter((pid) => isAlive(Number(pid)));
    // All are signalled at once, and each ends in its own time.
    await eventually(() => living().length === 0).catch(() => {});
    const alive = living();
    for (const pid of alive) process.kill(Number(pid), "SIGKILL");
    return alive;
  }

  // The official plugin ends the command alone, and waits for what it has started.
  const everything = "sleep 300 & echo $! >> PIDS; sleep 301 & echo $! >> PIDS; echo ready >> PIDS; wait";
  test(`ends a running command${OFFICIAL ? "" : ", and all that it has started"}`, async () => {
    const alone = "echo $$ >> PIDS; echo ready >> PIDS; exec sleep 300";
    expect(await cancelled(OFFICIAL ? alone : everything)).toEqual([]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
