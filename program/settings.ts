import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { normalize, resolve } from "node:path";
import { z } from "zod";
import {
  defaultLockFile,
  type ImagesLock,
  isNoFile,
  type LockedTask,
  lockTasks,
  nameAnotherLock,
  type PinnedImage,
  pinnedImage,
  readImagesLock,
} from "../benchmark/images-lock.ts";
import { newestVersion } from "../benchmark/known-faults.ts";
import { defaultModel } from "../benchmark/model.ts";
import { defaultRedisImage, gitBaseImage } from "../benchmark/service-images.ts";
import { tasksOn } from "../benchmark/stand-ins.ts";
import { readTasks, selectTasks, subsets } from "../benchmark/tasks.ts";
import { readRegular } from "../lib/files.ts";
import { type Fault, machine, remedyText } from "../lib/remedy.ts";
import { didYouMean } from "../lib/similar.ts";
import type { RawConfiguration } from "./configuration.ts";
import { byNewNames, oldNames, oldNamesIn } from "./old-names.ts";
import { stackIdPattern } from "./stack-id.ts";

// Strings end up in files, arguments and messages: what could break out of one of them is refused here.
const printable = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;
// A home is the shell's to know: it would be a folder of the name ~.
const path = z
  .string()
  .regex(printable)
  .regex(/^[^-~]/);
const port = z.int().min(1).max(65_535);
const noneOr = (schema: z.ZodType<string>) => z.union([z.literal(""), schema]);

/** Whether a folder may be one checkout's alone: not the project's, the system's or the user's own. */
function canBeOne(folder: string): boolean {
  if (/^\.?\/?$/.test(normalize(folder))) return false;
  return (
    resolve(folder) !== resolve(homedir()) && !/^\/(proc|sys|dev(?!\/shm\/))(\/|$)/.test(resolve(folder))
  );
}

/** A setting of a stack. */
export interface Field {
  /** What it is, as in Pulumi.yaml. */
  readonly is: string;
  /** Its value where a stack sets none; undefined where a stack must set one. */
  readonly default?: string | number | boolean | readonly string[];
  /** Whether Pulumi keeps it encrypted. Default: false. */
  readonly secret?: boolean;
  readonly schema: z.ZodType;
  /** What a good value is, in words. */
  readonly wants: string;
  /** What comes after `./machine set STACK` to set a good value. Default: what sets the default. */
  readonly mend?: readonly string[];
  /** What somebody may have meant by a value that is none; it is named only where it is a good one. */
  readonly meant?: (value: string) => string;
}

/** Every setting of a stack. Pulumi.yaml tells Pulumi the same: a test compares them. */
export const fields = {
  cohereApiKey: {
    is: "Key of the model under test (COHERE_API_KEY). Required.",
    secret: true,
    // python-dotenv, of one version or another, reads back none but such.
    schema: z.string().regex(/^(?!.*\$\{)[!#-&(-[\]-~]+$/),
    wants: "a key of printable ASCII characters without spaces, quotes, backslashes and ${",
    mend: ["cohereApiKey"],
  },
  model: {
    is: "Model under test, as cooperbench run -m takes it. It must be Cohere's, because the key is.",
    default: defaultModel,
    schema: z.string().regex(/^cohere(_chat)?\/[A-Za-z0-9][\w.:-]*$/),
    wants: `a model of Cohere's as litellm calls it, such as ${defaultModel}`,
  },
  modelApiBase: {
    is: "Base URL of the model's API, without a path such as /chat.",
    default: "https://stg.api.cohere.com/v2",
    schema: z
      .string()
      .regex(/^https?:\/\/[\w.:/~%[\]-]+$/)
      .regex(/(?<!\/|\/chat)$/)
      .refine((value) => URL.canParse(value)),
    wants: "an http or https URL without user, query, trailing slash or /chat",
    meant: (value) => {
      const { origin, pathname } = URL.parse(value) ?? {};
      return `${origin}${pathname?.replace(/\/*(\/chat)?\/*$/, "")}`;
    },
  },
  subset: {
    is: "Subset whose images are provisioned: lite (26 tasks), flash (20) or full (30).",
    default: "lite",
    schema: z.enum(subsets),
    wants: `one of ${subsets.join(", ")}`,
  },
  tasks: {
    is: "Narrows the subset to these repositories (dspy_task) or tasks (dspy_task/8394). Empty: all of it.",
    default: [],
    schema: z.array(z.string().regex(/^[a-z0-9_]+(\/\d+)?$/)),
    wants: "a list of repositories (dspy_task) or tasks (dspy_task/8394) of the subset",
    mend: ["tasks", "dspy_task/8394"],
  },
  dockerHost: {
    is: "Docker engine, as in DOCKER_HOST. Empty: DOCKER_HOST, then docker's context, then the usual sockets.",
    default: "",
    schema: noneOr(z.string().regex(/^(unix:\/\/\/|tcp:\/\/|ssh:\/\/)[\w.:@/~%[\]+-]+$/)),
    wants: "a Docker host (unix, tcp or ssh), or nothing",
    mend: ["dockerHost", "unix:///var/run/docker.sock"],
    meant: (value) => value.replace(/^(unix:)?\/+/, "unix:///"),
  },
  imagesLock: {
    is: "Image lock file, relative to the project. Empty: manifest/images.lock.json, if ./machine lock has made it.",
    default: "",
    schema: noneOr(path),
    wants: "the path of an image lock file, without ~, or nothing",
  },
  registryMirror: {
    is: "Registry to pull images from first, by digest, such as mirror.example.org:5000. Empty: none.",
    default: "",
    schema: noneOr(
      // As for docker: without a dot or a port the first part is a user of Docker Hub's, and no host.
      z.string().regex(/^(?=[^/]*[.:]|localhost(\/|$))[a-z0-9.-]+(:\d{1,5})?(\/[a-z0-9._-]+)*$/),
    ),
    wants:
      "a registry's host, with a dot or a port in it, a path where it has one, and without https://, or nothing",
    mend: ["registryMirror", "mirror.example.org:5000"],
  },
  pullStallSeconds: {
    is: "Seconds without any progress after which a pull is ended and retried. A slow pull is never ended.",
    default: 60,
    schema: z.int().min(1).max(3600),
    wants: "a whole number of seconds from 1 to 3600",
  },
  probeTimeoutSeconds: {
    is: "Time limit for the probe of one image, in seconds.",
    default: 120,
    schema: z.int().min(1).max(3600),
    wants: "a whole number of seconds from 1 to 3600",
  },
  oracleTasks: {
    is: "Number of tasks, spread over the repositories, for which an update runs gold patch and tests. 0: none.",
    default: 0,
    schema: z.int().min(0).max(30),
    wants: "a whole number of tasks from 0 to 30",
    mend: ["oracleTasks", "5"],
  },
  oracleTimeoutSeconds: {
    is: "Time limit for the tests of one task, in seconds. The default is that of an evaluation; a larger value counts as it.",
    default: 600,
    schema: z.int().min(1).max(7200),
    wants: "a whole number of seconds from 1 to 7200",
  },
  proofMaxAgeDays: {
    is: "Days after which a proof by the oracle becomes a warning, because runners install packages that are not pinned.",
    default: 7,
    schema: z.int().min(1).max(365),
    wants: "a whole number of days from 1 to 365",
  },
  cooperbenchRepository: {
    is: "Git repository that CooperBench is cloned from.",
    default: "https://github.com/cooperbench/CooperBench.git",
    schema: z
      .string()
      .regex(/^(https:\/\/[^@]+|ssh:\/\/.+|git@.+|file:\/\/\/.+|\/.+)$/)
      .regex(/^[\w.:@/~%+-]+$/),
    wants: "a git URL (https without a user, ssh, file), or an absolute path",
  },
  cooperbenchVersion: {
    is: `Release of CooperBench, such as ${newestVersion}. Empty: the one that the stack has, or ${newestVersion} for a new stack.`,
    default: "",
    schema: noneOr(z.string().regex(/^\d+(\.\d+)*([a-z][a-z0-9.]*)?$/)),
    wants: `a version of CooperBench such as ${newestVersion}, or nothing`,
    mend: ["cooperbenchVersion", newestVersion],
  },
  cooperbenchCommit: {
    is: "Commit of CooperBench, 40 hex digits. Takes precedence over cooperbenchVersion. Empty: the commit of that version.",
    default: "",
    schema: noneOr(z.string().regex(/^[0-9a-f]{40}$/)),
    wants: "a commit of 40 hex digits, or nothing",
    mend: ["cooperbenchCommit", "--default"],
  },
  cooperbenchDir: {
    is: "Folder of the checkout, relative to the project. An existing checkout is used as it is.",
    default: "repos/CooperBench",
    schema: path.regex(/^(?!.*(^|\/)\.\.(\/|$))/).refine(canBeOne),
    wants: "the path of a folder for it alone, without .. and ~",
  },
  pythonVersion: {
    is: "Python of the environment: a version such as 3.12, or a bound such as >=3.10.",
    default: "3.12",
    schema: z.string().regex(/^(>=)?3\.\d{1,2}(\.\d{1,2})?$/),
    wants: "a Python version such as 3.12, or a bound such as >=3.10",
  },
  cooperbenchExtras: {
    is: "Extras of the editable install of CooperBench.",
    default: ["dev"],
    schema: z.array(z.string().regex(/^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/)),
    wants: "a list of extras of the package, such as dev",
    mend: ["cooperbenchExtras", "dev"],
  },
  coop: {
    is: "Whether the services of cooperating agents run here: Redis, and with git also the git server.",
    default: false,
    schema: z.boolean(),
    wants: "true or false",
    mend: ["coop", "true"],
  },
  git: {
    is: "Whether the git server runs here too (cooperbench run --git). Needs coop.",
    default: false,
    schema: z.boolean(),
    wants: "true, with coop true as well, or false",
    mend: ["coop", "true", "git", "true"],
  },
  redisImage: {
    is: "Image of Redis, pinned by the image lock if that has it, or as repository:tag@sha256:digest.",
    default: defaultRedisImage,
    schema: z
      .string()
      .regex(
        /^([a-z0-9]+([_-]+[a-z0-9]+)*\/)?[a-z0-9]+([._-]+[a-z0-9]+)*:\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?$/,
      ),
    wants:
      "an image of Docker Hub as repository:tag, with @sha256: and 64 hex digits after it where it is pinned",
  },
  redisHost: {
    is: "IPv4 address of the engine's machine that Redis listens on. It has no password, and 0.0.0.0 opens it to others.",
    default: "127.0.0.1",
    schema: z.ipv4(),
    wants: "an IPv4 address of the engine's machine, one that this machine reaches",
  },
  redisPort: {
    is: "Port that Redis listens on, or the absolute path of a file that has it. CooperBench uses 6379 by default.",
    default: 6379,
    schema: z.union([port, path.regex(/^\//)]),
    wants: "a port from 1 to 65535, or the absolute path of a file that has one",
  },
  redisNetwork: {
    is: "Network of the Redis container. bridge publishes its port; host (Linux) is for engines that cannot.",
    default: "bridge",
    schema: z.enum(["bridge", "host"]),
    wants: "one of bridge, host",
  },
  stackId: {
    is: "Id of the stack, which marks everything it makes; an absolute path names a file that has it. Do not copy it.",
    default: "",
    schema: noneOr(
      z
        .string()
        .regex(new RegExp(`^(${stackIdPattern.source}|/.+)$`))
        .regex(printable),
    ),
    wants: "the id that ./machine new gave the stack, the absolute path of a file that has it, or nothing",
    mend: ["stackId", "--default"],
  },
  passphraseFile: {
    is: "File with the passphrase of this stack's secrets, for ./machine. Empty: the user's own.",
    default: "",
    schema: noneOr(path),
    wants: "the path of a file, without ~, or nothing",
  },
} as const satisfies Record<string, Field>;

const schema = z.strictObject(
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.schema])) as {
    [Key in keyof typeof fields]: (typeof fields)[Key]["schema"];
  },
);

type Configuration = z.infer<typeof schema>;

/** How the files that settings name are read, and the engine that they mean. */
export interface SettingsPlaces {
  /** Absolute path of the image lock file, or of one with a port. */
  readonly file: (file: string) => string;
  /** The stack's engine, as in DOCKER_HOST, by its setting `dockerHost`. */
  readonly engine: (dockerHost: string) => string;
}

/** A stack's settings: its configuration, checked, with tasks and images in place of their names. */
export interface Settings extends Omit<Configuration, "tasks" | "redisImage" | "redisPort"> {
  /** With what the image lock says of their images, and at the commits that the engine's are to be at. */
  readonly tasks: readonly LockedTask[];
  /** What the image lock says and nobody obeys, in words; undefined where there is no such thing. */
  readonly lockIgnored: string | undefined;
  /** What the stack calls by an old name. */
  readonly called: readonly Fault[];
  /** Whether these are not all of the subset. */
  readonly narrowed: boolean;
  /** What Redis runs from. */
  readonly redisImage: PinnedImage;
  /** Port that Redis answers at; 0 where it is in a file that is not read. */
  readonly redisPort: number;
  /** What the git server's image is built from. */
  readonly gitBaseImage: PinnedImage;
}

/** What is known of a settings file that its values as the program has them do not show. */
export interface OfFile {
  /** By setting, what it has, and should not. Default: nothing. */
  readonly misfits?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly others?: readonly Fault[];
  /** Values that such a stack has, as a rehearsal's has its engine, where they are others than the defaults. */
  readonly usual?: Readonly<Record<string, unknown>>;
}

/**
 * Checks a stack's whole configuration, defaults included.
 *
 * @param places undefined leaves the files that settings name unread, for a check before they are made.
 * @param ofFile the file that the configuration is from.
 * @throws one error that names every fault: what it got, what it wants, and the command that fixes it.
 */
export function parseSettings(
  stack: string,
  given: RawConfiguration,
  places?: SettingsPlaces,
  { misfits = {}, others = [], usual = {} }: OfFile = {},
): Settings {
  const raw = byNewNames(given);
  const values = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, typed(key, value)]));
  const parsed = schema.safeParse(values);
  const faults = new Map<string, Fault>();
  for (const old of oldNamesIn(given)) {
    const name = oldNames[old] ?? "";
    const { default: usual }: Field = fields[name as keyof typeof fields];
    // Pulumi hands the program the default where nothing is set.
    if (given[name] !== undefined && String(given[name]) !== String(usual))
      faults.set(old, givenTwice(stack, old));
  }
  const refuse = (key: string, got: string) => faults.set(key, faultOf(stack, key, got, usual, values[key]));
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === "unrecognized_keys")
      for (const key of issue.keys) faults.set(key, unknownKey(stack, key));
    else refuse(String(issue.path[0]), show(issue.path[0], values));
  }
  for (const [key, got] of Object.entries(misfits)) if (!faults.has(key)) refuse(key, got);

  const config = values as Configuration;
  let tasks: readonly LockedTask[] = readTasks();
  let lock: ImagesLock | undefined;
  if (!faults.has("imagesLock") && places !== undefined) {
    const file = places.file(config.imagesLock || defaultLockFile);
    try {
      if (config.imagesLock !== "" || existsSync(file)) {
        lock = readImagesLock(file);
        tasks = lockTasks(tasks, lock);
      }
    } catch (error) {
      faults.set("imagesLock", {
        found: `imagesLock: ${(error as Error).message}`,
        // What `lock` makes is a file in its place.
        remedies: isNoFile(file) ? nameAnotherLock(stack) : machine("lock", stack),
      });
    }
  }
  if (!faults.has("subset") && !faults.has("tasks")) {
    const selection = selectTasks(tasks, config.subset, config.tasks);
    if (selection.unmatched.length > 0) refuse("tasks", selection.unmatched.join(", "));
    tasks = selection.tasks;
  }
  let redisPort = typeof config.redisPort === "string" ? 0 : config.redisPort;
  if (typeof config.redisPort === "string" && !faults.has("redisPort") && places !== undefined) {
    redisPort = portIn(places.file(config.redisPort)) ?? 0;
    if (redisPort === 0) refuse("redisPort", `${config.redisPort}, which has none`);
  }
  if (config.git === true && config.coop === false) refuse("git", "true with coop false");
  const isEngineKnown = !faults.has("redisHost") && !faults.has("dockerHost");
  if (isEngineKnown && config.coop === true && isElsewhere(config.dockerHost, config.redisHost))
    refuse("redisHost", `${config.redisHost} with an engine at ${config.dockerHost}`);
  const all = [...faults.values(), ...others.filter(({ found }) => !saysAlready(faults, found))];
  if (all.length > 0) throw new SettingsError(stack, all);
  const services = {
    redisImage: pinnedImage(config.redisImage, lock),
    gitBaseImage: pinnedImage(gitBaseImage, lock),
  };
  return {
    ...config,
    redisPort,
    tasks: places === undefined ? tasks : tasksOn(tasks, places.engine(config.dockerHost)),
    lockIgnored: lock?.ignored,
    called: oldNamesIn(given).map((old) => ({
      found: `the setting ${old} is now called ${oldNames[old]}`,
      remedies: machine("set", stack, String(oldNames[old]), String(given[old])),
    })),
    narrowed: config.tasks.length > 0,
    ...services,
  };
}

/** The port that a file holds; undefined where it holds none, or is not there. */
function portIn(file: string): number | undefined {
  try {
    return port.safeParse(Number(readRegular(file).toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Every fault of a stack's settings in one message. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly faults: readonly Fault[];

  constructor(stack: string, faults: readonly Fault[]) {
    const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
    const lines = faults.flatMap(({ found, remedies }) =>
      [found, ...remedyText(remedies).split("\n")].map((line) => `  ${line}`),
    );
    super(`the settings of stack ${stack} have ${count}. Nothing was changed.\n${lines.join("\n")}`);
    this.faults = faults;
  }
}

function faultOf(
  stack: string,
  key: string,
  got: string,
  usual: NonNullable<OfFile["usual"]>,
  value: unknown,
): Fault {
  const field: Field = fields[key as keyof typeof fields];
  const meant = typeof value === "string" && value !== "" ? field.meant?.(value) : undefined;
  const near = field.schema.safeParse(meant).success && meant !== undefined ? [key, meant] : undefined;
  const own = key in usual ? [key, String(usual[key])] : undefined;
  // What goes with another setting is set with it, whatever the stack's kind has.
  const together = field.mend !== undefined && field.mend.length > 2 ? field.mend : undefined;
  const mend = together ?? own ?? near ?? field.mend ?? [key, String(field.default)];
  return { found: `${key}: got ${got}; want ${field.wants}`, remedies: machine("set", stack, ...mend) };
}

function saysAlready(faults: ReadonlyMap<string, Fault>, found: string): boolean {
  return [...faults.values()].some((fault) => fault.found === found);
}

/** A setting that is given by its old name and by its new one. */
export function givenTwice(stack: string, old: string): Fault {
  return {
    found: `${old} and ${oldNames[old]}: both are given, and ${old} is the old name of ${oldNames[old]}`,
    remedies: machine("pulumi", "config", "rm", old, "--stack", stack),
  };
}

function unknownKey(stack: string, key: string): Fault {
  return {
    found: `${key || '""'}: no such setting${didYouMean(key, Object.keys(fields))}; want one of ${Object.keys(fields).join(", ")}`,
    remedies: machine("pulumi", "config", "rm", key, "--stack", stack),
  };
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

/** Pulumi hands every value to the program as a string: numbers, lists and booleans are read from it. */
export function typed(key: string, value: unknown): unknown {
  const { default: usual = "" } = (fields as Readonly<Record<string, Field>>)[key] ?? {};
  // JSON takes blanks and line ends about a value, which are none of it.
  if (typeof value !== "string" || typeof usual === "string" || value.trim() !== value) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
