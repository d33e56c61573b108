import { describe, expect, test } from "vitest";
import { type JudgedContainer, judge, leftoversFinding } from "../../../../checks/doctor/leftovers.ts";
import { known } from "../../../../lib/known.ts";
import { isCooperBench } from "../../../../provision/steps/run-processes.ts";

const run = (startTicks: number) => ({ pid: 7, startTicks });
const agent = { part: "agent", pid: 5 } as const;
const server = { part: "git server", pid: 5 } as const;

describe("a container of a run is", () => {
  test("left where no run lives, running or not", () => {
    expect(judge(agent, known([]), 10)).toEqual({ fate: "left" });
    expect(judge({ ...agent, pid: undefined }, known([]), undefined)).toEqual({ fate: "left" });
    expect(judge(server, known([]), 10)).toEqual({ fate: "left" });
  });

  test("left where each run that lives has begun after it", () => {
    expect(judge(agent, known([run(11), run(20)]), 10)).toEqual({ fate: "left" });
  });

  test("of a run that lives where one may have made it, and so is the git server that all use", () => {
    const living = { fate: "living", reason: "process 7 may be its run" };
    expect(judge(agent, known([run(20), run(10)]), 10)).toEqual(living);
    expect(judge({ ...agent, pid: undefined }, known([run(20)]), undefined)).toEqual(living);
    expect(judge(server, known([run(20)]), 10)).toEqual(living);
  });

  test("not known where the runs, or the engine's processes, are not seen", () => {
    expect(judge(agent, { unknown: "elsewhere" }, 10)).toEqual({ fate: "unseen", reason: "elsewhere" });
    expect(judge(agent, known([]), undefined).fate).toBe("unseen");
  });
});

test.each<[string, boolean]>([
  ["/c/.venv/bin/python /c/.venv/bin/cooperbench run -n night", true],
  ["/srv/CooperBench/.venv/bin/python3.12 /srv/CooperBench/.venv/bin/coop eval -n night", true],
  ["/c/.venv/bin/python /c/.venv/bin/coop run", true],
  ["python3 -m cooperbench.cli eval", true],
  ["cooperbench run", true],
  ["vim /srv/CooperBench/README.md", false],
  ["node /srv/cooperbench-machine/cli/main.ts clean", false],
  ["python3 -m http.server", false],
  ["", false],
])("%s may be a run: %j", (command, expected) => expect(isCooperBench(command.split(" "))).toBe(expected));

const left: JudgedContainer = {
  ...{ id: "1", name: "minisweagent-0a1b2c3d", part: "agent", image: "a:b", pid: 5, fate: "left" },
  ...{ ageSeconds: 7200, memoryBytes: 300e6 },
};
test.each<[string, readonly JudgedContainer[], object]>([
  ["nothing", [], { level: "ok", found: "no container of a killed run is on the engine" }],
  [
    "what is left",
    [left, { ...left, name: "brave_noether", part: "evaluation" }, { ...left, fate: "living" }],
    {
      level: "warning",
      found:
        "killed runs of CooperBench have left 2 containers with 600 MB of memory: minisweagent-0a1b2c3d (agent, 2 hours old, 300 MB), brave_noether (evaluation, 2 hours old, 300 MB)",
      remedy: "Fix: ./machine clean lab-1",
    },
  ],
  [
    "what is a run's that lives",
    [{ ...left, fate: "living" }],
    { level: "ok", found: expect.stringMatching(/^none: a run is going on, with 1 container with 300 MB/) },
  ],
  [
    "what nobody knows",
    [{ ...left, fate: "unseen", reason: "it is elsewhere" }],
    {
      level: "warning",
      found: expect.stringMatching(/; whether a run uses them is not known: it is elsewhere$/),
      remedy: "Fix: if no run uses that engine:\n  ./machine clean lab-1",
    },
  ],
])("%s is told", (_, containers, finding) => {
  expect(leftoversFinding(known(containers), "lab-1")).toMatchObject({ check: "leftovers", ...finding });
});

test("an engine that gives no answer is no engine without leftovers", () => {
  expect(leftoversFinding({ unknown: "no answer in 10 s" }, "lab-1").level).toBe("warning");
});
