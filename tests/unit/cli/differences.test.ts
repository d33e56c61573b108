import { describe, expect, test } from "vitest";
import type { LockedTask } from "../../../benchmark/images-lock.ts";
import { taskKey, taskName } from "../../../benchmark/tasks.ts";
import { Course } from "../../../cli/course.ts";
import { differences, hasMoved, inLines, unmanagedImages } from "../../../cli/differences.ts";
import { failureLines } from "../../../cli/failures.ts";
import { requestVariable } from "../../../provision/steps/contract.ts";
import { recorded, tasksOf } from "./recorded-events.ts";

const six = tasksOf("pillow_task", "go_chi_task");
const words = (course: Course, tense: "will" | "done", missing: readonly LockedTask[] = [], tasks = six) =>
  inLines(differences(course, { tasks, missing }), tense).toSorted();

describe("a preview says in words", () => {
  test("what is made on a machine that has nothing", () => {
    expect(words(recorded("first-preview"), "will", six)).toEqual(
      [
        "6 images: not on the engine, will be pulled (7.4 MB)",
        "checkout, .venv: will be made",
        "cooperbench: will be tested",
        ".env, subset of the smoke run: will be written",
        "route: will be proved",
      ].toSorted(),
    );
  });

  test("what differs, each with what was found", () => {
    const missing = six.filter(({ image }) => image.endsWith("pillow:task25"));
    expect(words(recorded("drift-preview"), "will", missing)).toEqual(
      [
        "go_chi_task/26: the tag is at sha256:a70ffbee6ca9; will be given back",
        "pillow_task/25: not on the engine, will be pulled (900 kB)",
        ".venv: it is missing; will be put right",
        ".env: its mode is 644, not 600; will be written again",
        "cooperbench: will be tested again",
        "route: will be proved again",
      ].toSorted(),
    );
  });

  test("which settings have changed, and what they bring", () => {
    expect(words(recorded("settings-preview"), "will")).toEqual(
      expect.arrayContaining([
        ".venv: will be put right (pythonVersion: >=3.10 → 3.11)",
        "Redis: will be started",
        "services: will be proved",
        expect.stringMatching(/^oracle of \S+, oracle of \S+: will be evaluated$/),
      ]),
    );
  });

  test("that images which are no longer the stack's stay", () => {
    const course = recorded("fewer-tasks");
    expect(unmanagedImages(course)).toEqual(["20 images are no longer managed; they stay on the engine"]);
    expect(words(course, "will").join("\n")).not.toMatch(/image|delete/);
    expect(unmanagedImages(recorded("drift-preview"))).toEqual([]);
  });

  test("that a service's image is, and no task's", () => {
    const course = new Course();
    const type = "docker:index/remoteImage:RemoteImage";
    for (const name of ["coop-git-base", "coop-redis-image"])
      course.take({ resourcePreEvent: { metadata: { op: "delete", urn: `urn::${name}`, type } } });
    expect(unmanagedImages(course)).toEqual([
      "the image of the git server is no longer managed; it stays on the engine",
      "the image of Redis is no longer managed; it stays on the engine",
    ]);
  });

  test("what else has changed, in no names of the program's own", () => {
    const course = new Course();
    const asked = (request: object) => ({
      inputs: { environment: { [requestVariable]: JSON.stringify(request) } },
    });
    const before = { owner: { stack: "mine" }, folder: "/a" };
    const after = {
      owner: { stack: "mine", id: "x" },
      folder: "/b",
      gitClient: "cooperbench-probe",
      conflict: {},
    };
    const urn = "urn::coop-verification";
    const metadata = { op: "update", urn, type: "command:local:Command" };
    course.take({ resourcePreEvent: { metadata: { ...metadata, old: asked(before), new: asked(after) } } });
    expect(words(course, "will")).toEqual([
      "services: will be proved again (cooperbenchDir: /a → /b, another id of the stack, git, …)",
    ]);
  });

  test("what will be asked is not compared where a preview does not know it yet", () => {
    const course = new Course();
    const environment = { [requestVariable]: JSON.stringify({ folder: "/a", commit: "1" }) };
    const unknown = { [requestVariable]: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
    const metadata = { op: "update", urn: "urn::cooperbench-venv", type: "command:local:Command" };
    const states = { old: { inputs: { environment } }, new: { inputs: { environment: unknown } } };
    course.take({ resourcePreEvent: { metadata: { ...metadata, ...states } } });
    expect(words(course, "will")).toEqual([".venv: will be put right"]);
  });

  test("that the engine is another, and what stays on the one before", () => {
    const course = new Course();
    const urn = "urn:pulumi:mine::p::pulumi:providers:docker::images-engine";
    const at = (host: string) => ({ inputs: { host } });
    const step = {
      op: "update",
      urn,
      type: "pulumi:providers:docker",
      old: at("unix:///a"),
      new: at("unix:///b"),
    };
    course.take({ resourcePreEvent: { metadata: step } });
    expect([hasMoved(course), hasMoved(recorded("drift-preview"))]).toEqual([true, false]);
    expect(words(course, "will")).toEqual(["engine: unix:///a → unix:///b; images stay on unix:///a"]);
  });

  test("nothing where nothing differs", () => expect(words(recorded("nothing-changed"), "will")).toEqual([]));
});

describe("what is removed", () => {
  const ended = (course: Course, name: string, type = "docker:index/container:Container") =>
    course.take({ resOutputsEvent: { metadata: { op: "delete", urn: `urn::${name}`, type } } });

  test("of a service is so with the stack's use of it alone: the rest only leaves the state", () => {
    const course = new Course();
    ended(course, "coop-git-container");
    expect(words(course, "done")).toEqual([]);
    ended(course, "coop-git-use", "command:local:Command");
    expect(words(course, "done")).toEqual(["git server: removed"]);
  });

  test("is not told of a use that is noted otherwise", () => {
    const course = new Course();
    const metadata = { op: "update", urn: "urn::coop-redis-use", type: "command:local:Command" };
    course.take({ resOutputsEvent: { metadata } });
    expect(words(course, "done")).toEqual([]);
  });

  test("is not told of what its step has said it left", () => {
    const course = new Course();
    const urn = "urn::cooperbench-checkout";
    const metadata = { op: "delete", urn, type: "command:local:Command" };
    course.take({ resourcePreEvent: { metadata } });
    course.take({ diagnosticEvent: { urn, severity: "info", message: "/c is left: it has notes.txt" } });
    course.take({ resOutputsEvent: { metadata } });
    expect(words(course, "done")).toEqual([]);
  });
});

describe("what an update that was cut off had begun is made for the first time:", () => {
  const asked = {
    environment: { [requestVariable]: JSON.stringify({ image: "i", commit: "c", owner: {} }) },
  };
  const take = (name: string, op: string, old?: object) => {
    const course = new Course();
    const metadata = { op, urn: `urn::${name}`, type: "command:local:Command" };
    course.take({ resourcePreEvent: { metadata: { ...metadata, new: { inputs: asked }, ...old } } });
    return course;
  };
  test.each([
    ["create", undefined],
    ["update", { old: { inputs: {} } }],
    ["replace", { old: null }],
  ])("%s", (op, old) => {
    const [task] = six;
    const probe = `${task && taskKey(task)}-probe`;
    expect(words(take(probe, op, old), "done")).toEqual([`${task && taskName(task)}: verified`]);
    expect(words(take("route-proof", op, old), "done")).toEqual(["route: proved"]);
  });
});

test("an update says the same, as done", () => {
  const missing = six.filter(({ image }) => image.endsWith("pillow:task25"));
  const done = words(recorded("drift-up"), "done", missing);
  expect(done).toContain("pillow_task/25: pulled and verified (900 kB)");
  expect(done).toContain(".env: written again, because its mode is 644, not 600");
  expect(done).toContain(".venv: put right, because it is missing");
  expect(done.find((line) => line.startsWith("go_chi_task/26"))).toMatch(
    /: given its tag back and verified: the tag is at sha256:[0-9a-f]{12}$/,
  );
});

test("what failed is not said to be done", () => {
  expect(words(recorded("failing-images"), "done", six).join("\n")).not.toContain("pillow_task");
});

test("a destroy says what is removed, and nothing of proofs", () => {
  expect(words(recorded("destroy"), "done", [], [])).toEqual([
    "checkout, .venv, .env, subset of the smoke run: removed",
  ]);
});

describe("failures", () => {
  test("of one cause are told once, with their number and names", () => {
    const course = recorded("failing-images");
    const lines = failureLines(six, course.failed);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^failed: (pillow_task\/\d+(, )?){3} \(3 times the same\): akhatua\/cooperbench-pillow:task\d+ could not be pulled: /,
    );
  });

  test("of other causes are told each", () => {
    const failed = [
      ["pillow-task25", "no space left"],
      ["route-proof", "it has no proof"],
      ["coop-redis-container", "no space left on its disk"],
    ] as const;
    expect(failureLines(six, failed)).toEqual([
      "failed: pillow_task/25: no space left",
      "failed: route: it has no proof",
      "failed: Redis: no space left on its disk",
    ]);
  });
});
