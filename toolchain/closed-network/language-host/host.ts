/**
 * A language host for Node programs: the process that the Pulumi engine starts as `pulumi-language-nodejs`. It
 * serves the part of `LanguageRuntime` that preview, up, refresh and destroy use, with the stubs of the program's
 * own @pulumi/pulumi, so the host and the SDK always speak the same protocol.
 */
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { programDependencies, requiredPackages } from "./packages.ts";
import { ProgramRunner } from "./run.ts";

const ENGINE_POLL_MS = 2_000;

type Language = typeof import("@pulumi/pulumi/proto/language_pb.js");
type Plugin = typeof import("@pulumi/pulumi/proto/plugin_pb.js");
type Call = { request: unknown };
type Reply = (error: { code: number; message: string } | null, value?: unknown) => void;

// The engine starts a host in the program's directory; an earlier engine passed it as -root.
const root = process.argv.find((arg) => arg.startsWith("-root="))?.slice("-root=".length);
const load = loader([process.cwd(), root ?? process.cwd()]);
const grpc = load("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
const services = load("@pulumi/pulumi/proto/language_grpc_pb.js");
const language = load("@pulumi/pulumi/proto/language_pb.js") as Language;
const plugin = load("@pulumi/pulumi/proto/plugin_pb.js") as Plugin;
const { Empty } = load("google-protobuf/google/protobuf/empty_pb.js");

const engineOf = (args: string[]) => args.filter((arg) => !arg.startsWith("-")).at(-1) ?? "";
const runner = new ProgramRunner(engineOf(process.argv.slice(2)), load.resolve("@pulumi/pulumi/cmd/run"));

const implementation = {
  handshake: answer((request: InstanceType<Language["LanguageHandshakeRequest"]>) => {
    runner.engineAddress = request.getEngineAddress() || runner.engineAddress;
    return new language.LanguageHandshakeResponse();
  }),
  getPluginInfo: answer(() => {
    const info = new plugin.PluginInfo();
    info.setVersion((load("@pulumi/pulumi/package.json") as { version: string }).version);
    return info;
  }),
  getRequiredPackages: answer((request: InstanceType<Language["GetRequiredPackagesRequest"]>) => {
    runner.warmUp(request);
    const response = new language.GetRequiredPackagesResponse();
    for (const { name, version, server } of requiredPackages(directory(request))) {
      const dependency = new plugin.PackageDependency();
      dependency.setName(name).setKind("resource").setVersion(version).setServer(server);
      response.addPackages(dependency);
    }
    return response;
  }),
  getRequiredPlugins: answer((request: InstanceType<Language["GetRequiredPluginsRequest"]>) => {
    const response = new language.GetRequiredPluginsResponse();
    for (const { name, version, server } of requiredPackages(directory(request))) {
      const dependency = new plugin.PluginDependency();
      dependency.setName(name).setKind("resource").setVersion(version).setServer(server);
      response.addPlugins(dependency);
    }
    return response;
  }),
  getProgramDependencies: answer((request: InstanceType<Language["GetProgramDependenciesRequest"]>) => {
    const response = new language.GetProgramDependenciesResponse();
    for (const { name, version } of programDependencies(directory(request))) {
      response.addDependencies(new language.DependencyInfo().setName(name).setVersion(version));
    }
    return response;
  }),
  about: answer(() =>
    new language.AboutResponse().setExecutable(process.execPath).setVersion(process.version),
  ),
  run: answer(async (request: InstanceType<Language["RunRequest"]>) => {
    const { error, bail } = await runner.run(request);
    return new language.RunResponse().setError(error).setBail(bail);
  }),
  cancel: answer(() => {
    runner.stop();
    return new Empty();
  }),
};

/** Makes a gRPC handler of a function that returns the response or throws. */
function answer<Request>(handle: (request: Request) => unknown) {
  return (call: Call, reply: Reply) => {
    Promise.resolve()
      .then(() => handle(call.request as Request))
      .then(
        (value) => reply(null, value),
        (error: Error) => reply({ code: grpc.status.UNKNOWN, message: error.message }),
      );
  };
}

function directory(request: { getInfo?(): { getProgramDirectory(): string } | undefined }): string {
  return request.getInfo?.()?.getProgramDirectory() || process.cwd();
}

/** Loads modules as the program would, and below @pulumi/pulumi what that depends on itself. */
function loader(folders: string[]) {
  for (const folder of folders) {
    const program = createRequire(join(folder, "package.json"));
    try {
      const sdk = createRequire(program.resolve("@pulumi/pulumi"));
      const of = (name: string) => (name.startsWith("@pulumi/") ? program : sdk);
      return Object.assign((name: string) => of(name)(name), {
        resolve: (name: string) => of(name).resolve(name),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  console.error(`@pulumi/pulumi is not installed in ${folders[0]}. Run \`npm ci\` there.`);
  process.exit(1);
}

/** An engine that was killed tells nobody: its address then refuses connections. */
function endWithEngine(): void {
  const timer = setInterval(() => {
    const separator = runner.engineAddress.lastIndexOf(":");
    if (separator < 0) return;
    const [host, port] = [
      runner.engineAddress.slice(0, separator),
      Number(runner.engineAddress.slice(separator + 1)),
    ];
    const socket = connect({ host, port }, () => socket.destroy());
    socket.on("error", () => process.exit(1));
  }, ENGINE_POLL_MS);
  timer.unref();
  process.on("exit", () => runner.kill());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));
}

endWithEngine();
const server = new grpc.Server({
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
});
server.addService(services.LanguageRuntimeService, implementation);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  // The engine reads the port from the first line of standard output.
  // Not console.log, which colours a number where FORCE_COLOR is set.
  process.stdout.write(`${port}\n`);
});
