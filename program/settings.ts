import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import {
  defaultLockFile,
  type ImagesLock,
  type LockedTask,
  lockTasks,
  type PinnedImage,
  pinnedImage,
  readImagesLock,
} from "../benchmark/images-lock.ts";
import { gitBaseImage } from "../benchmark/service-images.ts";
import { readTasks, selectTasks, subsets } from "../benchmark/tasks.ts";
import type { RawConfiguration } from "./configuration.ts";
import { stackIdPattern } from "./stack-id.ts";

// Strings end up in files, arguments and messages: what could break out of one of them is refused here.
const printable = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;
const path = z.string().regex(printable).regex(/^[^-]/);
const port = z.int().min(1).max(65_535);
const noneOr = (schema: z.ZodType<string>) => z.union([z.literal(""), schema]);

interface Field {
  readonly schema: z.ZodType;
  /** What a good value is, in words. */
  readonly wants: string;
  /** Arguments of `pulumi config` that set a good value. */
  readonly mend: string;
}

/** Every key of a stack's configuration. Descriptions and defaults are in Pulumi.yaml. */
const fields = {
  cohereApiKey: {
    schema: z.string().regex(/^(?!.*\$\{)[!-~]+$/),
    wants: "a key of printable ASCII characters without spaces and ${",
    mend: "set --secret cohereApiKey",
  },
  modelApiBase: {
    schema: z
      .string()
      .regex(/^https?:\/\/[\w.:/~%[\]-]+$/)
      .regex(/(?<!\/|\/chat)$/)
      .refine((value) => URL.canParse(value)),
    wants: "an http or https URL without user, query, trailing slash or /chat",
    mend: "set modelApiBase https://stg.api.cohere.com/v2",
  },
  subset: {
    schema: z.enum(subsets),
    wants: `one of ${subsets.join(", ")}`,
    mend: "set subset lite",
  },
  tasks: {
    schema: z.array(z.string().regex(/^[a-z0-9_]+(\/\d+)?$/)),
    wants: "a list of repositories (dspy_task) or tasks (dspy_task/8394) of the subset",
    mend: "set --path 'tasks[0]' dspy_task/8394",
  },
  dockerHost: {
    schema: noneOr(z.string().regex(/^(unix:\/\/\/|tcp:\/\/|ssh:\/\/)[\w.:@/~%[\]+-]+$/)),
    wants: "a Docker host (unix, tcp or ssh), or nothing",
    mend: "set dockerHost unix:///var/run/docker.sock",
  },
  imagesLock: {
    schema: noneOr(path),
    wants: "the path of an image lock file, or nothing",
    mend: "set imagesLock ''",
  },
  registryMirror: {
    schema: noneOr(
      // As for docker: without a dot or a port the first part is a user of Docker Hub's, and no host.
      z.string().regex(/^(?=[^/]*[.:]|localhost(\/|$))[a-z0-9.-]+(:\d{1,5})?(\/[a-z0-9._-]+)*$/),
    ),
    wants:
      "a registry's host, with a dot or a port in it, a path where it has one, and without https://, or nothing",
    mend: "set registryMirror mirror.example.org:5000",
  },
  pullStallSeconds: {
    schema: z.int().min(1).max(3600),
    wants: "a whole number of seconds from 1 to 3600",
    mend: "set pullStallSeconds 60",
  },
  probeTimeoutSeconds: {
    schema: z.int().min(1).max(3600),
    wants: "a whole number of seconds from 1 to 3600",
    mend: "set probeTimeoutSeconds 120",
  },
  smoke: {
    schema: z.int().min(0).max(30),
    wants: "a whole number of tasks from 0 to 30",
    mend: "set smoke 5",
  },
  smokeTimeoutSeconds: {
    schema: z.int().min(1).max(7200),
    wants: "a whole number of seconds from 1 to 7200",
    mend: "set smokeTimeoutSeconds 600",
  },
  cooperbenchRepository: {
    schema: z
      .string()
      .regex(/^(https:\/\/[^@]+|ssh:\/\/.+|git@.+|file:\/\/\/.+|\/.+)$/)
      .regex(/^[\w.:@/~%+-]+$/),
    wants: "a git URL (https without a user, ssh, file), or an absolute path",
    mend: "set cooperbenchRepository https://github.com/cooperbench/CooperBench.git",
  },
  cooperbenchCommit: {
    schema: z.string().regex(/^[0-9a-f]{40}$/),
    wants: "a commit of 40 hex digits",
    mend: "set cooperbenchCommit 44b4a7a79e7229a1baf0360aeb74648b79b7540a",
  },
  cooperbenchDir: {
    schema: path.regex(/^(?!.*(^|\/)\.\.(\/|$))/),
    wants: "the path of a folder, without ..",
    mend: "set cooperbenchDir repos/CooperBench",
  },
  pythonVersion: {
    schema: z.string().regex(/^(>=)?3\.\d{1,2}(\.\d{1,2})?$/),
    wants: "a Python version such as 3.12, or a bound such as >=3.10",
    mend: "set pythonVersion 3.12",
  },
  cooperbenchExtras: {
    schema: z.array(z.string().regex(/^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/)),
    wants: "a list of extras of the package, such as dev",
    mend: "set --path 'cooperbenchExtras[0]' dev",
  },
  coop: {
    schema: z.boolean(),
    wants: "true or false",
    mend: "set coop true",
  },
  git: {
    schema: z.boolean(),
    wants: "true, with coop true as well, or false",
    mend: "set git false",
  },
  redisImage: {
    schema: z
      .string()
      .regex(
        /^([a-z0-9]+([_-]+[a-z0-9]+)*\/)?[a-z0-9]+([._-]+[a-z0-9]+)*:\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?$/,
      ),
    wants:
      "an image of Docker Hub as repository:tag, with @sha256: and 64 hex digits after it where it is pinned",
    mend: "set redisImage redis:alpine",
  },
  redisHost: {
    schema: z.ipv4(),
    wants: "an IPv4 address of the engine's machine, one that this machine reaches",
    mend: "set redisHost 127.0.0.1",
  },
  redisPort: {
    schema: z.union([port, path.regex(/^\//)]),
    wants: "a port from 1 to 65535, or the absolute path of a file that has one",
    mend: "set redisPort 6379",
  },
  redisNetwork: {
    schema: z.enum(["bridge", "host"]),
    wants: "one of bridge, host",
    mend: "set redisNetwork bridge",
  },
  stackId: {
    schema: noneOr(
      z
        .string()
        .regex(new RegExp(`^(${stackIdPattern.source}|/.+)$`))
        .regex(printable),
    ),
    wants: "the id that ./machine new gave the stack, the absolute path of a file that has it, or nothing",
    mend: "rm stackId",
  },
  passphraseFile: {
    schema: noneOr(path),
    wants: "the path of a file, or nothing",
    mend: "set passphraseFile ''",
  },
} as const satisfies Record<string, Field>;

const schema = z.strictObject(
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.schema])) as {
    [Key in keyof typeof fields]: (typeof fields)[Key]["schema"];
  },
);

type Configuration = z.infer<typeof schema>;

/** A stack's settings: its configuration, checked, with tasks and images in place of their names. */
export interface Settings extends Omit<Configuration, "tasks" | "redisImage" | "redisPort"> {
  readonly tasks: readonly LockedTask[];
  /** Whether these are not all of the subset. */
  readonly narrowed: boolean;
  /** What Redis runs from. */
  readonly redisImage: PinnedImage;
  /** Port that Redis answers at; 0 where it is in a file that is not read. */
  readonly redisPort: number;
  /** What the git server's image is built from. */
  readonly gitBaseImage: PinnedImage;
}

/**
 * Checks a stack's whole configuration, defaults included.
 *
 * @param lockedAt where the files that settings name are read from: the image lock file, and one with a port; undefined
 *   leaves them unread, for a check before they are made.
 * @throws one error that names every fault: what it got, what it wants, and the command that mends it.
 */
export function parseSettings(
  stack: string,
  raw: RawConfiguration,
  lockedAt?: (file: string) => string,
): Settings {
  const values = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, typed(key, value)]));
  const parsed = schema.safeParse(values);
  const faults = new Map<string, string>();
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === "unrecognized_keys")
      for (const key of issue.keys) faults.set(key, unknownKey(stack, key));
    else faults.set(String(issue.path[0]), fault(stack, String(issue.path[0]), show(issue.path[0], values)));
  }

  const config = values as Configuration;
  let tasks: readonly LockedTask[] = readTasks();
  let lock: ImagesLock | undefined;
  if (!faults.has("imagesLock") && lockedAt !== undefined) {
    const file = lockedAt(config.imagesLock || defaultLockFile);
    try {
      if (config.imagesLock !== "" || existsSync(file)) {
        lock = readImagesLock(file);
        tasks = lockTasks(tasks, lock);
      }
    } catch (error) {
      faults.set("imagesLock", fault(stack, "imagesLock", (error as Error).message));
    }
  }
  if (!faults.has("subset") && !faults.has("tasks")) {
    const selection = selectTasks(tasks, config.subset, config.tasks);
    if (selection.unmatched.length > 0) {
      faults.set("tasks", fault(stack, "tasks", selection.unmatched.join(", ")));
    }
    tasks = selection.tasks;
  }
  let redisPort = typeof config.redisPort === "string" ? 0 : config.redisPort;
  if (typeof config.redisPort === "string" && !faults.has("redisPort") && lockedAt !== undefined) {
    redisPort = portIn(lockedAt(config.redisPort)) ?? 0;
    if (redisPort === 0)
      faults.set("redisPort", fault(stack, "redisPort", `${config.redisPort}, which has none`));
  }
  if (config.git === true && config.coop === false)
    faults.set("git", fault(stack, "git", "true with coop false"));
  if (!faults.has("redisHost") && config.coop === true && isElsewhere(config.dockerHost, config.redisHost))
    faults.set(
      "redisHost",
      fault(stack, "redisHost", `${config.redisHost} with an engine at ${config.dockerHost}`),
    );
  if (faults.size > 0) throw new SettingsError(stack, [...faults.values()]);
  const services = {
    redisImage: pinnedImage(config.redisImage, lock),
    gitBaseImage: pinnedImage(gitBaseImage, lock),
  };
  return {
    ...config,
    redisPort,
    tasks,
    narrowed: config.tasks.length > 0,
    ...services,
  };
}

/** The port that a file holds; undefined where it holds none, or is not there. */
function portIn(file: string): number | undefined {
  try {
    return port.safeParse(Number(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Every fault of a stack's configuration in one message. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly faults: readonly string[];

  constructor(stack: string, faults: readonly string[]) {
    const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
    super(`The configuration of stack ${stack} has ${count}; nothing was changed.\n${faults.join("\n")}`);
    this.faults = faults;
  }
}

function fault(stack: string, key: string, got: string): string {
  const field = fields[key as keyof typeof fields];
  return `  ${key}: got ${got}; want ${field.wants}\n    pulumi config ${field.mend} --stack ${stack}`;
}

function unknownKey(stack: string, key: string): string {
  return `  ${key}: no such key; want one of ${Object.keys(fields).join(", ")}\n    pulumi config rm ${JSON.stringify(key)} --stack ${stack}`;
}

function show(key: PropertyKey | undefined, values: RawConfiguration): string {
  const value = values[key as string];
  if (value === undefined || value === "") return "nothing";
  if (key === "cohereApiKey") return "a value that is not shown";
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Whether an address of the engine's machine means this machine instead, or none that this machine can ask. */
function isElsewhere(dockerHost: string, host: string): boolean {
  const here = /^$|^unix:|^tcp:\/\/(localhost|127\.)/.test(dockerHost);
  return !here && /^(127\.|0\.0\.0\.0$)/.test(host);
}

const noStrings = new Set([
  ...["tasks", "cooperbenchExtras"],
  ...["probeTimeoutSeconds", "pullStallSeconds", "smoke", "smokeTimeoutSeconds", "redisPort"],
  ...["coop", "git"],
]);

/** Pulumi hands every value to the program as a string: numbers, lists and booleans are read from it. */
function typed(key: string, value: unknown): unknown {
  // JSON takes blanks and line ends about a value, which are none of it.
  if (typeof value !== "string" || !noStrings.has(key) || value.trim() !== value) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
