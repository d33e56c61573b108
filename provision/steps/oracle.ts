import { join } from "node:path";
import { assertGoesOn } from "../../lib/abort.ts";
import { foundOf, Problem } from "../../lib/problem.ts";
import { type Fault, machine, merged, type Remedies } from "../../lib/remedy.ts";
import { engineAt } from "../engine/client.ts";
import { type EngineImage, findImage } from "../engine/images.ts";
import { type Evaluation, type EvaluationSettings, evaluate, type Unevaluated } from "./evaluation.ts";
import { againFault, controlFault, goldFault, mergeFault, runnerNote, unevaluated } from "./oracle-faults.ts";
import { digestName } from "./probe.ts";
import { assertDataset, featureFolder, patches } from "./task-dataset.ts";

/** A feature of a task whose gold patch and tests are run. */
export interface OracleSubject {
  /** Image reference; it must be on the engine already. */
  readonly image: string;
  /** Folder of the task in the dataset. */
  readonly folder: string;
  /** Number of the feature. */
  readonly feature: number;
  /** What the names of the temporary containers begin with. */
  readonly container: string;
}

/** One of the four things that an oracle looks at. */
export interface Check {
  /** How long it took. */
  readonly seconds: number;
  /** What is wrong; undefined where nothing is. */
  readonly problem?: string;
  /** What helps; undefined where nothing is wrong. */
  readonly remedies?: Remedies;
  /** Why nothing was looked at; undefined where something was. */
  readonly skipped?: string;
  /** What is worth knowing, and in no run's way. */
  readonly note?: string;
}

/**
 * What an oracle looks at: whether CooperBench counts the gold patch as passed, and the tests alone not; whether the
 * evaluation of a cooperating run gets through with the patch; and whether the runner is the dataset's.
 */
export const checkKinds = ["gold", "control", "merge", "runner"] as const;
export type CheckKind = (typeof checkKinds)[number];

/** What an oracle has found. */
export interface OracleReport {
  readonly image: string;
  /** Id of the image on the engine. */
  readonly imageId: string;
  /** Digest in the registry, as `repository@sha256:…`; empty where it came from none. */
  readonly digest: string;
  readonly feature: number;
  readonly checks: Readonly<Record<CheckKind, Check>>;
}

/** All checks of a feature that nothing could be run of. */
export function unrun({ found: problem, remedies }: Fault): OracleReport["checks"] {
  const skipped = { seconds: 0, skipped: "nothing could be run" };
  return { gold: { seconds: 0, problem, remedies }, control: skipped, merge: skipped, runner: skipped };
}

/** What an oracle that passed has found. */
export interface OracleResult extends Omit<OracleReport, "checks"> {
  /** How long the tests took with the gold patch. */
  readonly goldSeconds: number;
  /** How long they took without it. */
  readonly controlSeconds: number;
}

/**
 * As `runOracles` of one subject, for whom nothing but a pass will do.
 *
 * @throws a Problem that names image, cause and remedies of everything that is wrong.
 */
export async function oracle(subject: OracleSubject, settings: EvaluationSettings): Promise<OracleResult> {
  const [report] = await runOracles([subject], settings);
  if (report instanceof Problem) throw report;
  const { checks, ...found } = report as OracleReport;
  const faults = checkKinds.map((kind) => checks[kind]);
  const problems = faults.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0)
    throw new Problem(problems.join("\n"), merged(faults.flatMap(({ remedies }) => remedies ?? [])));
  return { ...found, goldSeconds: checks.gold.seconds, controlSeconds: checks.control.seconds };
}

/**
 * Has the installed CooperBench evaluate gold patches in the images, and the tests without them. The containers are gone
 * afterwards, however it ends.
 *
 * @param progress told now and then how many are done and how many are under way.
 * @returns a report of each, or the Problem with which nothing could be run of it.
 * @throws a Problem where nothing can be run of any, or it was aborted.
 */
export async function runOracles(
  subjects: readonly OracleSubject[],
  settings: EvaluationSettings,
  progress?: (done: number, running: number) => void,
): Promise<readonly (OracleReport | Problem)[]> {
  assertGoesOn(settings.abort);
  const ready = await Promise.all(subjects.map((subject) => prepared(subject, settings.dockerHost)));
  const started = ready.filter((one): one is Prepared => !(one instanceof Problem));
  const evaluations = await evaluate(
    started.map(({ found, folder, feature, container }) => ({
      imageId: found.id,
      tests: join(featureFolder(folder, feature), patches.tests),
      gold: join(featureFolder(folder, feature), patches.gold),
      container,
    })),
    settings,
    progress && ((done, running) => progress(subjects.length - started.length + done, running)),
  );
  const evaluationOf = new Map(started.map((one, index) => [one, evaluations[index]]));
  return ready.map((one) =>
    one instanceof Problem ? one : reportOf(one, evaluationOf.get(one) as Evaluation | Unevaluated, settings),
  );
}

interface Prepared extends OracleSubject {
  readonly found: EngineImage;
}

async function prepared(subject: OracleSubject, dockerHost: string): Promise<Prepared | Problem> {
  const { image, folder, feature } = subject;
  try {
    const found = await findImage(engineAt(dockerHost), image);
    if (found === undefined)
      return failure(image, { found: "it is not on the engine", remedies: machine("up", "STACK") });
    assertDataset(folder, feature);
    return { ...subject, found };
  } catch (error) {
    return failure(image, {
      found: foundOf(error),
      remedies: (error instanceof Problem && error.remedies) || { advice: "run it again" },
    });
  }
}

function reportOf(
  subject: Prepared,
  evaluation: Evaluation | Unevaluated,
  settings: EvaluationSettings,
): OracleReport {
  const { image, feature, found } = subject;
  const of = { image, imageId: found.id, digest: digestName(image, found.digests), feature };
  if (!("gold" in evaluation))
    return { ...of, checks: unrun(failed(image, unevaluated(subject, evaluation, settings))) };
  const { gold, control, again, merge, runner } = evaluation;
  const check = (seconds: number, fault: Fault | undefined): Check => {
    if (fault === undefined) return { seconds };
    const { found: problem, remedies } = failed(image, fault);
    return { seconds, problem, remedies };
  };
  const unended = { seconds: 0, skipped: "the run with the gold patch did not end by itself" };
  const fault = goldFault(subject, gold, settings) ?? againFault(subject, again, settings);
  const note = runnerNote(subject, runner);
  return {
    ...of,
    checks: {
      gold: check(gold.seconds, fault),
      control:
        control === undefined
          ? unended
          : { ...check(control.seconds, controlFault(subject, control, settings)), ...stopped(control) },
      merge: check(0, mergeFault(subject, merge.fault, settings)),
      runner: note === undefined ? { seconds: 0 } : { seconds: 0, note },
    },
  };
}

/** A run without a word on any test is a control as well: compiled languages stop at the compiler. */
function stopped({ testsFailed }: { readonly testsFailed: number }): Pick<Check, "note"> {
  return testsFailed > 0 ? {} : { note: "stopped before its tests" };
}

function failure(image: string, fault: Fault): Problem {
  const { found, remedies } = failed(image, fault);
  return new Problem(found, remedies);
}

const failed = (image: string, { found, remedies }: Fault): Fault => ({
  found: `${image} failed its oracle: ${found}`,
  remedies,
});
