import type { AgentLimits } from "./agent-limits.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Pair } from "./pairs.ts";
import type { PairName, PairResult, Run, RunSetting } from "./read-run.ts";

/** What a run of the plan is to be. */
export interface PlannedRun {
  readonly setting: RunSetting;
  readonly model: string;
  readonly agentFramework: string;
  /** The pairs that it may have by task (`dspy_task/8394`); undefined where it may have any. */
  readonly pairs: ReadonlyMap<string, readonly Pair[]> | undefined;
  /** Whether it is to have all of them. */
  readonly isAll: boolean;
}

/** What a run was worth. */
export interface RunCheck {
  readonly run: Run;
  /** Whether it was held against the plan, and not against its own config.json. */
  readonly isOfPlan: boolean;
  /** Whether a process of the run lives, so that what has no result yet is under way, or comes yet. */
  readonly isGoing: boolean;
  /** Model and agent of its command; empty where nothing says. */
  readonly model: string;
  readonly agentFramework: string;
  readonly verdicts: readonly Verdict[];
  /** Pairs that it was to do; undefined where nothing says. */
  readonly wanted: number | undefined;
  /** How many of them it has nothing of. */
  readonly missing: number;
  /** Which ones these are, where the plan says. */
  readonly missingPairs: readonly PairName[];
  /** Whether all that it was to do is there, and the model's. */
  readonly isValid: boolean;
}

/**
 * Judges a run of the plan by the plan, and another by its own config.json.
 *
 * @param limits of the default agent in a setting.
 * @param isGoing whether a process of the run lives. Default: false.
 */
export function checkRun(
  run: Run,
  planned: PlannedRun | undefined,
  limits: (setting: RunSetting) => AgentLimits,
  isGoing = false,
): RunCheck {
  const verdicts = run.pairs.map((pair) =>
    judge(pair, foreign(pair, run, planned), limits(pair.setting), isGoing),
  );
  const missingPairs = planned?.isAll ? missingOf(run, planned) : [];
  // Its config.json is of its last command, and so of one setting, and may be of one pair that was done again.
  const { setting = planned?.setting } = run;
  const there = run.pairs.filter((pair) => pair.setting === setting).length;
  const wanted = planned?.isAll ? [...(planned.pairs?.values() ?? [])].flat().length : run.wanted;
  const missing = planned?.isAll ? missingPairs.length : Math.max(0, (wanted ?? 0) - there);
  const { model, agentFramework } = planned ?? run;
  return {
    run,
    isOfPlan: planned !== undefined,
    isGoing,
    model,
    agentFramework,
    verdicts,
    wanted,
    missing,
    missingPairs,
    isValid:
      verdicts.length > 0 &&
      verdicts.every(({ kind }) => kind === "valid") &&
      missing === 0 &&
      (run.unreadable === "" || planned?.isAll === true),
  };
}

/** Why a pair is none of the run. */
function foreign(pair: PairResult, run: Run, planned: PlannedRun | undefined): readonly string[] {
  const whose = planned === undefined ? "its config.json says" : "the plan has";
  const differs = (found: string, wanted: string, what: string) =>
    found === "" || wanted === "" || found === wanted
      ? []
      : [`its ${what} is ${found}, and ${whose} ${wanted}`];
  const { model, agentFramework } = planned ?? run;
  return [
    ...(planned === undefined ? [] : differs(pair.setting, planned.setting, "setting")),
    ...(isPlanned(pair, planned) ? [] : ["the plan has no such pair"]),
    ...differs(pair.model, model, "model"),
    ...differs(pair.agentFramework, agentFramework, "agent"),
  ];
}

function isPlanned({ repo, taskId, features }: PairResult, planned: PlannedRun | undefined): boolean {
  if (planned?.pairs === undefined) return true;
  const pairs = planned.pairs.get(`${repo}/${taskId}`) ?? [];
  return pairs.some((pair) => pair.toSorted((a, b) => a - b).join() === features.join());
}

function missingOf(run: Run, { setting, pairs = new Map() }: PlannedRun): readonly PairName[] {
  const nameOf = ({ setting, repo, taskId, features }: PairName) =>
    [setting, repo, taskId, ...features].join(" ");
  const there = new Set(run.pairs.map(nameOf));
  return [...pairs].flatMap(([task, of]) => {
    const [repo = "", taskId] = task.split("/");
    return of
      .map((pair: Pair) => ({
        setting,
        repo,
        taskId: Number(taskId),
        features: pair.toSorted((a, b) => a - b),
      }))
      .filter((pair: PairName) => !there.has(nameOf(pair)));
  });
}
