/** What commands have found of a stack's machine since its state was written: a small file beside that (cli/proof-record.ts). */
import { z } from "zod";

const failure = z.object({
  /** When the update ended, in ISO 8601. */
  at: z.string(),
  problem: z.string(),
  /** What failed, as it is told. Default: the name of its resource. */
  thing: z.string().optional(),
});

const attempt = {
  /** In ISO 8601. */
  at: z.string(),
  /** Why it failed; undefined where it passed. */
  problem: z.string().optional(),
};

const image = z.object({
  ...attempt,
  /** Docker engine, as in DOCKER_HOST. */
  dockerHost: z.string(),
  /** Id of the image that was probed. */
  imageId: z.string(),
  /** What was wanted of it, by the lock and the benchmark. */
  wanted: z.string().optional(),
  digest: z.string().optional(),
  platform: z.string().optional(),
  /** Commit that /workspace/repo was found at. */
  commit: z.string().optional(),
  /** What the probe has noted (provision/steps/probe.ts). */
  runner: z.string().optional(),
  changedFiles: z.number().optional(),
  lostPrograms: z.array(z.string()).readonly().optional(),
});

const commandLine = z.object({
  ...attempt,
  folder: z.string(),
  /** Commit that the checkout was at. */
  commit: z.string().optional(),
  /** When the environment last changed, as its marker says. */
  environment: z.string().optional(),
  subset: z.string(),
  tasks: z.array(z.string()),
  /** What names the dataset's files (provision/steps/task-dataset.ts). */
  dataset: z.string(),
  version: z.string().optional(),
  pythonVersion: z.string().optional(),
});

const oracle = z.object({
  ...attempt,
  task: z.string(),
  feature: z.number(),
  /** Id of the image that it was run in. */
  imageId: z.string(),
  /** Hash of what was run of the dataset. */
  dataset: z.string(),
  goldSeconds: z.number(),
  controlSeconds: z.number(),
});

const foundByCommand = z.object({
  /** When it ended, in ISO 8601. */
  at: z.string(),
  /** Whether all that it tried has passed. */
  isPassed: z.boolean(),
  /** Its verdict. */
  found: z.string(),
});

/** Written and read; what another version has written is read as nothing. */
export const proofRecord = z.object({
  /** The last update that `./machine up` has made. */
  update: z
    .object({ startedAt: z.string(), endedAt: z.string(), isInterrupted: z.boolean().optional() })
    .optional(),
  /** Why steps failed that no update has done since, by the names of their resources. */
  failures: z.record(z.string(), failure).default({}),
  /** What `verify` has found of the images, by task. */
  images: z.record(z.string(), image).default({}),
  /** What it has found of the command line. */
  cooperbench: commandLine.optional(),
  /** What the oracle has found, by task and feature. */
  oracles: z.record(z.string(), oracle).default({}),
  /** What these commands have come to the last time. */
  commands: z.partialRecord(z.enum(["verify", "oracle", "demo"]), foundByCommand).default({}),
});

export type ProofRecord = z.infer<typeof proofRecord>;
/** That something was not proved. */
export type Failure = z.infer<typeof failure>;
export type RecordedImage = z.infer<typeof image>;
export type RecordedCommandLine = z.infer<typeof commandLine>;
export type RecordedOracle = z.infer<typeof oracle>;

/** What is recorded where nothing is. */
export const noRecord: ProofRecord = { failures: {}, images: {}, oracles: {}, commands: {} };
