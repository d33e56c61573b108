import prettyBytes from "pretty-bytes";
import { type Known, known } from "../../lib/known.ts";
import { list } from "../../lib/list.ts";
import { commandLine, startOf } from "../../lib/process-id.ts";
import { machine } from "../../lib/remedy.ts";
import type { EngineFacts } from "../../provision/engine/ask.ts";
import { type RunContainer, runContainers } from "../../provision/engine/run-containers.ts";
import { type RunProcess, runProcesses } from "../../provision/steps/run-processes.ts";
import { type Finding, ok, warning } from "../finding.ts";
import { count, showSeconds } from "../units.ts";
import { isLocal } from "./space.ts";

/**
 * What became of a container's run: it is over, so that the container is `left`; it may be the one that is `living`; or
 * that cannot be seen from here (`unseen`).
 */
export type Fate = "left" | "living" | "unseen";

/** A container of a run, judged. */
export interface JudgedContainer extends RunContainer {
  readonly fate: Fate;
  /** Why it is not left. */
  readonly reason?: string;
}

/** Looks for the containers of CooperBench's runs on an engine, and for the runs that live. Never throws. */
export async function lookForLeftovers(
  dockerHost: string,
  facts: Pick<EngineFacts, "images" | "info">,
): Promise<Known<readonly JudgedContainer[]>> {
  try {
    const containers = await runContainers(dockerHost, facts);
    if (containers.length === 0) return known([]);
    const runs: Known<readonly RunProcess[]> = isLocal(dockerHost, facts.info)
      ? await runProcesses(dockerHost)
      : { unknown: "the engine is on another machine, whose processes cannot be seen from here" };
    return known(containers.map((one) => ({ ...one, ...judge(one, runs, startHere(one)) })));
  } catch (error) {
    return { unknown: (error as Error).message };
  }
}

/** When a container's first process started; undefined where it does not run, or is not seen here. */
function startHere({ pid, part }: RunContainer): number | undefined {
  if (pid === undefined || !commandLine(pid).includes(part === "git server" ? "git" : "sleep"))
    return undefined;
  const start = startOf(pid);
  return start === undefined ? undefined : Number(start);
}

/**
 * Whether a container's run is over: none lives, or each that does has begun after the container, by the one clock that
 * all processes of a machine have.
 *
 * @param startTicks when the container's first process started; undefined where that is not known.
 */
export function judge(
  { part, pid }: Pick<RunContainer, "part" | "pid">,
  runs: Known<readonly RunProcess[]>,
  startTicks: number | undefined,
): Pick<JudgedContainer, "fate" | "reason"> {
  if ("unknown" in runs) return { fate: "unseen", reason: runs.unknown };
  if (pid !== undefined && startTicks === undefined)
    return { fate: "unseen", reason: "the processes of the engine's machine cannot be seen from here" };
  const [first] = runs.value.toSorted((a, b) => a.startTicks - b.startTicks);
  // All runs use the one git server.
  const isOlder = part !== "git server" && startTicks !== undefined && startTicks < (first?.startTicks ?? 0);
  if (first === undefined || isOlder) return { fate: "left" };
  return { fate: "living", reason: `process ${first.pid} may be its run` };
}

/** What killed runs of CooperBench have left on the engine. */
export function leftoversFinding(found: Known<readonly JudgedContainer[]>, stack: string): Finding {
  if ("unknown" in found)
    return warning("leftovers", `not known: ${found.unknown}`, machine("doctor", stack));
  const of = (wanted: Fate) => found.value.filter(({ fate }) => fate === wanted);
  const [left, living, unseen] = [of("left"), of("living"), of("unseen")];
  const clean = machine("clean", stack);
  if (left.length > 0)
    return warning("leftovers", `killed runs of CooperBench have left ${inWords(left)}`, clean);
  if (unseen.length > 0)
    return warning(
      "leftovers",
      `CooperBench has made ${inWords(unseen)}; whether a run uses them is not known: ${unseen[0]?.reason}`,
      { ...clean, when: "if no run uses that engine" },
    );
  if (living.length > 0) return ok("leftovers", `none: a run is going on, with ${inWords(living)}`);
  return ok("leftovers", "no container of a killed run is on the engine");
}

/** How many containers there are, their memory, and each with its age. */
function inWords(containers: readonly JudgedContainer[]): string {
  const bytes = containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const each = containers.map(
    ({ name, part, ageSeconds, memoryBytes }) =>
      `${name} (${part}, ${showSeconds(ageSeconds)} old, ${prettyBytes(memoryBytes)})`,
  );
  return `${count(containers.length, "container")} with ${prettyBytes(bytes)} of memory: ${list(each)}`;
}
