/** What a run was started on, as machine.json beside its results has it, and how the machine differs from that by now. */
import { z } from "zod";
import { byNewNames } from "../../program/old-names.ts";
import type { ImageStatus } from "./images.ts";
import type { MachineStatus } from "./status.ts";

/** Name of the file in the folder of a run. CooperBench reads folders and its own files there, and no other. */
export const machineFileName = "machine.json";

const text = z.record(z.string(), z.unknown());

const machineFile = z.object({
  format: z.literal(1),
  /** In ISO 8601. */
  writtenAt: z.string(),
  stack: z.string(),
  /** Whether the images are stand-ins. */
  isRehearsal: z.boolean(),
  /** What was started: its setting in the plan, and its arguments. */
  run: z.object({ setting: z.string(), arguments: z.array(z.string()) }),
  /** By task. */
  images: z.record(z.string(), text),
  cooperbench: text,
  /** Hash of what runs, evaluations and oracles read of the tasks. */
  dataset: z.string(),
  model: z.string(),
  modelApiBase: z.string(),
  /** Hash of the image lock file; null where there is none. */
  lock: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  /** The stack's configuration, without its key. */
  settings: text.transform(byNewNames),
  /** When each was last proved, by check and by image. */
  proved: z.record(z.string(), z.string()),
});

/** A machine as a run was started on it. It has no secret. */
export type MachineFile = z.infer<typeof machineFile>;

/** What is known beside the status. */
export interface MoreFacts {
  readonly dataset: string;
  readonly lock: string | null;
  readonly commit: string | undefined;
  readonly modelApiBase: string;
}

/** The machine as it is, in the words of the file. */
export function machineNow(status: MachineStatus, more: MoreFacts, run: MachineFile["run"]): MachineFile {
  const versions = Object.fromEntries(
    status.versions.map(({ name, version, from }) => [
      name,
      from.endsWith("with changes") ? `${version} with changes` : version,
    ]),
  );
  const { CooperBench: version, Python: python, ...others } = versions;
  const { commit, ...facts } = more;
  return {
    format: 1,
    writtenAt: status.at,
    stack: status.stack,
    isRehearsal: status.isRehearsal,
    run,
    images: Object.fromEntries(status.images.map((image) => [image.task, imageNow(image)])),
    cooperbench: defined({
      ...{ version, python, commit },
      ...(status.changedSources.length > 0 && { changedSources: status.changedSources.join(" ") }),
    }),
    ...facts,
    model: status.model,
    versions: others,
    settings: status.configuration,
    proved: Object.fromEntries([
      ...status.checks.flatMap(({ check, provedAt }) => (provedAt === undefined ? [] : [[check, provedAt]])),
      ...status.images.flatMap(({ task, provedAt, oracle }) => [
        ...(provedAt === undefined ? [] : [[`image ${task}`, provedAt]]),
        ...(oracle?.isCurrent ? [[`oracle ${task}`, oracle.provedAt]] : []),
      ]),
    ]),
  };
}

function imageNow({ reference, state, imageId, digest, platform, baseCommit, isLocked }: ImageStatus) {
  // What was proved is not what is there then.
  if (state !== "proved") return { reference, state };
  return defined({ reference, imageId, digest, platform, baseCommit, isLocked });
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Reads a file; undefined where it is none of a form that is known here. */
export function readMachineFile(json: string): MachineFile | undefined {
  try {
    return machineFile.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** One thing that differs: where it stands in the file, what it was, and what it is now. */
export interface Difference {
  readonly part: string;
  readonly was: string;
  readonly is: string;
}

/** Parts that are of one run or of one moment. */
const ofMoment = ["format", "writtenAt", "run", "proved"];

/** How a machine differs from what a run was started on. */
export function differences(then: MachineFile, now: MachineFile): readonly Difference[] {
  const [before, after] = [leavesOf(then), leavesOf(now)];
  const parts = [...new Set([...before.keys(), ...after.keys()])];
  return parts
    .filter((part) => !ofMoment.includes(part.split(" ")[0] ?? "") && before.get(part) !== after.get(part))
    .map((part) => ({ part, was: before.get(part) ?? "nothing", is: after.get(part) ?? "nothing" }));
}

/** Parts that make the results of one run results of two machines. */
const deciding = ["images", "cooperbench", "dataset", "model", "modelApiBase", "isRehearsal"];

/** Of what differs, what a run is not to go on with. */
export function decidingOnes(all: readonly Difference[]): readonly Difference[] {
  return all.filter(({ part }) => deciding.includes(part.split(" ")[0] ?? ""));
}

/** The values of a file by the names that lead to them. */
function leavesOf(value: unknown, at: readonly string[] = []): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([[at.join(" "), typeof value === "string" ? value : JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([name, part]) => [...leavesOf(part, [...at, name])]));
}
