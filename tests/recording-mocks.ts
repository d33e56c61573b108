import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { vi } from "vitest";
import { type Request, type Result, requestVariable, type StepName } from "../provision/steps/contract.ts";

/** A resource that a program under test asked for. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  /** Inputs, with secrets as `{ secret: … }`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly options: RecordedOptions;
}

/** What a resource was asked for with, beside its inputs; other resources by name. What was not asked for is missing. */
export interface RecordedOptions {
  readonly parent?: string;
  readonly provider?: string;
  /** All that it waits for: by dependsOn, or by an output among its inputs. */
  readonly dependsOn?: readonly string[];
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly deleteBeforeReplace?: true;
  readonly deletedWith?: string;
  readonly retainOnDelete?: true;
  readonly protect?: true;
  readonly aliases?: readonly string[];
  /** Names of hooks. */
  readonly beforeCreate?: readonly string[];
  readonly otherHooks?: readonly string[];
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

/** What each step would answer. */
const answers: { readonly [Name in StepName]: (request: Request<Name>) => Result<Name> } = {
  checkout: ({ folder, commit = "c".repeat(40) }) => ({ folder, commit, made: true, holder: "a" }),
  venv: ({ folder }) => ({
    venv: `${folder}/.venv`,
    pythonVersion: "3.12.4",
    made: true,
    changed: "2026-01-01T00:00:00Z",
    holder: "a",
  }),
  verification: () => ({ version: "0.0.0", package: "src", pythonVersion: "3.12.4", tasks: 1 }),
  subset: ({ folder }) => ({ folder, holder: "a" }),
  dotenv: ({ file }) => ({ file, written: "2026-01-01T00:00:01Z", hash: "b", holder: "a" }),
  "service-use": ({ service, dockerHost }) => ({ service, dockerHost }),
  "git-image": () => ({ imageId: "sha256:id-of-git-server", built: true }),
  coop: ({ redis, gitClient }) => ({
    redis,
    redisVersion: "8.0.0",
    ...(gitClient !== undefined && { git: "git://cooperbench-git:9418", gitVersion: "2.39.5" }),
  }),
  route: ({ modelApiBase }) => ({
    url: `${modelApiBase}/chat`,
    model: "command-a-03-2025",
    agent: "mini_swe_agent_v2",
  }),
  probe: ({ image, baseCommit }) => ({
    image,
    imageId: `sha256:id-of-${image}`,
    digest: `${image.replace(/:.*/, "")}@sha256:digest`,
    platform: "linux/amd64",
    commit: baseCommit,
    runner: "1".repeat(40),
    changedFiles: 0,
    lostPrograms: [],
  }),
  oracle: ({ image }) => ({
    image,
    imageId: `sha256:id-of-${image}`,
    digest: "",
    feature: 1,
    goldSeconds: 2,
    controlSeconds: 1,
  }),
};

function resultOf(inputs: Recorded["inputs"]): unknown {
  const [, , name = ""] = inputs.interpreter as string[];
  const answer = answers[name as StepName] as ((request: unknown) => unknown) | undefined;
  if (answer === undefined) throw new Error(`unexpected command: ${JSON.stringify(inputs.interpreter)}`);
  return answer(requestIn({ inputs }));
}

/** What a recorded step is asked. */
export function requestIn(resource: Pick<Recorded, "inputs"> | undefined): Readonly<Record<string, unknown>> {
  const variables = (resource?.inputs.environment ?? {}) as Record<string, string>;
  return JSON.parse(variables[requestVariable] ?? "{}");
}

/** What a recorded step is told to be wrong right now; undefined for nothing. */
export function findingIn(resource: Pick<Recorded, "inputs"> | undefined): string | undefined {
  const { FINDING } = (resource?.inputs.environment ?? {}) as Record<string, string | undefined>;
  return FINDING?.replace(/ \(repair [0-9a-z]+\)$/, "");
}

/**
 * Puts the program that is imported next on mocks that record every resource and refuse an unknown one.
 *
 * @param make what a resource takes until it is there. Default: nothing.
 */
export async function recordResources(
  make: (resource: Recorded) => Promise<void> | void = () => {},
): Promise<readonly Recorded[]> {
  // Nowhere, so that the program writes no file of a repair.
  vi.stubEnv("XDG_DATA_HOME", "/dev/null");
  const recorded: Recorded[] = [];
  let options: RecordedOptions = {};
  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs }) => {
        const resource = { type, name, inputs, options };
        recorded.push(resource);
        await make(resource);
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
    "lab-1",
  );
  // The SDK's mock monitor shows its mocks no options, and knows no hooks; nothing here runs one.
  const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) => {
    options = optionsIn(request);
    return register(request, done);
  };
  monitor.registerResourceHook = (_, done) => done(null, {});
  return recorded;
}

type Call<T> = (request: T, done: (error: Error | null, response: object) => void) => unknown;
interface MockMonitor {
  registerResource: Call<RegisterResourceRequest>;
  registerResourceHook: Call<unknown>;
}

function optionsIn(request: RegisterResourceRequest): RecordedOptions {
  const { beforeCreateList: beforeCreate, ...hooks } = request.getHooks()?.toObject() ?? {
    beforeCreateList: [],
  };
  const all = {
    parent: nameIn(request.getParent()),
    provider: nameIn(request.getProvider()),
    dependsOn: request.getDependenciesList().map(nameIn).sort(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    deletedWith: nameIn(request.getDeletedwith()),
    retainOnDelete: request.getRetainondelete(),
    protect: request.getProtect(),
    aliases: request.getAliasesList().map((alias) => JSON.stringify(alias.toObject())),
    beforeCreate,
    otherHooks: Object.values(hooks).flat(),
  };
  const asked = Object.entries(all).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value));
  return Object.fromEntries(asked);
}

/** The name in a URN, or in a provider's reference, which is its URN and an id; empty for none. */
const nameIn = (urn: string) => urn.split("::")[3] ?? "";

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
