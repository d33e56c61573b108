import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Course } from "../../../cli/course.ts";
import { type EngineEvent, EventLines, followEvents, readEvents } from "../../../cli/events.ts";
import { summaryOf } from "../../../cli/summary.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { recorded, recordedText, tasksOf } from "./recorded-events.ts";

const six = tasksOf("pillow_task", "go_chi_task");
const summed = (course: Course, missing = six) =>
  summaryOf({ stack: "mine", tasks: six, missing, oracleTasks: 0 }, course);

describe("an event log", () => {
  const text = recordedText("failing-images");
  const whole = readEvents(text);

  test("is the same in pieces of any length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (length) => {
        const lines = new EventLines();
        const found: EngineEvent[] = [];
        for (let at = 0; at < text.length; at += length)
          found.push(...lines.take(text.slice(at, at + length)));
        expect([...found, ...lines.end()]).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  test("that is cut off anywhere is its whole events, and no error", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), (length) => {
        const found = readEvents(text.slice(0, length));
        expect(found).toEqual(whole.slice(0, found.length));
        const course = new Course();
        for (const event of found) course.take(event);
        expect(summed(course).images.verified).toBeLessThanOrEqual(3);
      }),
      { numRuns: 50 },
    );
  });

  test("of NUL bytes, as after a power cut, has none", () => expect(readEvents("\0\0\0\n{\n")).toEqual([]));

  test("is read while it is written, at odd bytes too, and to its end", async () => {
    const file = join(temporaryFolder("events-"), "events.json");
    const found: EngineEvent[] = [];
    const end = followEvents(file, (event) => found.push(event));
    const bytes = Buffer.from(`${JSON.stringify({ diagnosticEvent: { message: "größer" } })}\n`);
    await sleep(120);
    expect(found).toEqual([]);
    writeFileSync(file, bytes.subarray(0, bytes.indexOf("ö") + 1));
    await sleep(120);
    appendFileSync(file, bytes.subarray(bytes.indexOf("ö") + 1));
    await expect.poll(() => found).toEqual([{ diagnosticEvent: { message: "größer" } }]);
    appendFileSync(file, '{"summaryEvent":{}}');
    end();
    expect(found).toHaveLength(2);
  });

  test("that never comes is no error", () => {
    const end = followEvents(join(temporaryFolder("events-"), "none"), () => expect.fail());
    expect(end).not.toThrow();
  });
});

describe("an update", () => {
  test("of which images fail tells which, why, and what is verified", () => {
    const course = recorded("failing-images");
    expect(course.result).toBe("failed");
    const { failures, text } = summed(course);
    expect(Object.keys(failures).toSorted()).toEqual(["pillow-task25", "pillow-task290", "pillow-task68"]);
    expect(failures["pillow-task25"]).toMatch(/^akhatua\/cooperbench-pillow:task25 could not be pulled: /);
    expect(text).toBe("3/6 images verified (0 found, 3 pulled)");
  });

  test("that changes nothing says so", () => {
    expect(summed(recorded("nothing-changed"), []).text).toBe(
      "6/6 images verified (6 found, 0 pulled); nothing changed",
    );
  });

  test("that was interrupted says so of the steps that it was in", () => {
    const course = recorded("interrupted");
    expect(course.result).toBe("failed");
    expect([...course.failed.values()]).toContain("it was interrupted");
    expect(summed(course, []).text).not.toContain("nothing changed");
  });

  test("without its last event does not say that nothing changed", () => {
    const course = new Course();
    for (const event of readEvents(recordedText("nothing-changed")).slice(0, -2)) course.take(event);
    expect(course.result).toBeUndefined();
    expect(summed(course, []).text).toBe("6/6 images verified (6 found, 0 pulled)");
  });

  test("counts the oracles, and tells one that was not run by its image's failure alone", () => {
    const course = new Course();
    const urn = (name: string) => `urn:pulumi:mine::p::command:local:Command::${name}`;
    const done = (name: string) =>
      course.take({
        resOutputsEvent: { metadata: { op: "create", urn: urn(name), type: "command:local:Command" } },
      });
    const failed = (name: string) =>
      course.take({ diagnosticEvent: { urn: urn(name), severity: "error", message: `${name} failed` } });
    for (const name of ["go-chi-task26-probe", "go-chi-task26-oracle"]) done(name);
    for (const name of ["pillow-task25-probe", "pillow-task25-oracle"]) failed(name);
    const summary = summaryOf({ stack: "mine", tasks: six, missing: [], oracleTasks: 2 }, course);
    expect(summary.oracles).toEqual({ passed: 1, wanted: 2 });
    expect(summary.failures).toEqual({ "pillow-task25-probe": "pillow-task25-probe failed" });
  });

  test("has a component's failure for none of its resources, whose name it has", () => {
    const course = recorded("drift-preview");
    expect(course.steps.get("go-chi-task26")).toMatchObject({ operation: "replace" });
  });
});

test("what the program says to the user is told without its trace, and what Pulumi says of it not at all", () => {
  const course = new Course();
  const said = (severity: string, message: string) => course.take({ diagnosticEvent: { severity, message } });
  said(
    "error",
    "Running program '/p' failed with an unhandled exception:\nProblem: it holds this project.\nFix: x\n    at a (b:1)\n    at c",
  );
  expect(course.errors).toEqual(["it holds this project.\nFix: x"]);
  expect(said("warning", "Undefined value (coop) will not show as a stack output.")).toBeUndefined();
  expect(said("warning", "another")).toMatchObject({ kind: "said", text: "another" });
});
