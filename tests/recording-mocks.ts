import * as pulumi from "@pulumi/pulumi";

/** A resource that a program under test asked for. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  /** Inputs, with secrets as `{ secret: … }`. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

const types = {
  "docker:index/remoteImage:RemoteImage": ({ name }: Recorded["inputs"]) => ({
    imageId: `sha256:id-of-${name}`,
    repoDigest: `${String(name).replace(/:.*/, "")}@sha256:digest`,
  }),
  "docker:index/container:Container": () => ({}),
  "docker:index/network:Network": () => ({}),
  "docker:index/volume:Volume": () => ({}),
  "pulumi:providers:docker": () => ({}),
  "command:local:Command": (inputs: Recorded["inputs"]) => ({ stdout: JSON.stringify(resultOf(inputs)) }),
} as const;

/** What `provision/` would print for a command. */
function resultOf({ interpreter, environment, create }: Recorded["inputs"]): unknown {
  const variables = environment as Record<string, string>;
  switch ((interpreter as string[])[2]) {
    case "checkout":
      return { folder: variables.FOLDER, commit: variables.COMMIT, made: true };
    case "venv":
      return {
        venv: `${variables.FOLDER}/.venv`,
        pythonVersion: "3.12.4",
        made: true,
        changed: "2026-01-01T00:00:00Z",
      };
    case "verification":
      return { version: "0.0.0", package: "src", pythonVersion: "3.12.4", tasks: 1 };
    case "subset":
      return { folder: variables.FOLDER };
    case "dotenv":
      return { file: variables.FILE, written: "2026-01-01T00:00:01Z" };
    case "service-use":
      return { service: variables.SERVICE };
    case "git-image":
      return { imageId: "sha256:id-of-git-server", built: true };
    case "coop":
      return {
        redis: variables.REDIS,
        redisVersion: "8.0.0",
        ...(variables.GIT_CLIENT && { git: "git://cooperbench-git:9418", gitVersion: "2.39.5" }),
      };
    case "route":
      return {
        url: `${variables.MODEL_API_BASE}/chat`,
        model: "command-a-03-2025",
        agent: "mini_swe_agent_v2",
      };
    case "probe":
      return {
        image: create,
        imageId: `sha256:id-of-${create}`,
        digest: `${String(create).replace(/:.*/, "")}@sha256:digest`,
        platform: "linux/amd64",
        commit: variables.BASE_COMMIT,
      };
    case "oracle":
      return { image: create, imageId: `sha256:id-of-${create}`, digest: "", feature: 1 };
    default:
      throw new Error(`unexpected command: ${JSON.stringify(interpreter)}`);
  }
}

/** Puts the program that is imported next on mocks that record every resource and refuse an unknown one. */
export async function recordResources(stack = "lab-1"): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        recorded.push({ type, name, inputs });
        if (type.startsWith("cooperbench:")) return { id: name, state: inputs };
        const outputs = types[type as keyof typeof types];
        if (outputs === undefined) throw new Error(`unexpected resource: ${type}`);
        return { id: name, state: { ...inputs, ...outputs(inputs) } };
      },
      call: ({ token }) => {
        throw new Error(`unexpected call: ${token}`);
      },
    },
    "cooperbench-machine",
    stack,
  );
  takeHooks();
  return recorded;
}

/** The SDK's mock monitor knows no hooks; nothing here runs one. */
function takeHooks(): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as Record<string, unknown>;
  monitor.registerResourceHook = (_request: unknown, done: (error: null, response: object) => void) =>
    done(null, {});
}

/** The value of an output and whether it is secret, after every resource that was asked for is registered. */
export async function settle<T>(output: pulumi.Output<T>): Promise<{ value: T; secret: boolean }> {
  const [value, secret] = await Promise.all([
    new Promise<T>((resolve) => output.apply((value) => resolve(value as T))),
    pulumi.isSecret(output),
  ]);
  // The SDK's own tests end so; it is not in its types.
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return { value, secret };
}
