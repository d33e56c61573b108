import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { Course } from "../../../cli/course.ts";
import type { WantedImages } from "../../../cli/differences.ts";
import { readEvents } from "../../../cli/events.ts";
import { lineView, saidLine } from "../../../cli/line-view.ts";
import { type Shown, screen } from "../../../cli/screen.ts";
import { screenView } from "../../../cli/screen-view.ts";
import { remedyLine } from "../../../lib/remedy.ts";
import { recordedOutput } from "../../caller.ts";
import { recordedText, tasksOf } from "./recorded-events.ts";

const tasks = tasksOf("pillow_task", "go_chi_task");
const many = tasksOf(
  "pillow_task",
  "go_chi_task",
  "dspy_task",
  "llama_index_task",
  "huggingface_datasets_task",
);
const shown: Shown = { tasks, missing: tasks, title: "up mine, a rehearsal", off: ["services", "oracle"] };

/** Plays a recording, a tenth of a second an event. */
function play(name: string, each: (course: Course) => void, until = 1): Course {
  let now = 0;
  const course = new Course(false, () => now);
  const events = readEvents(recordedText(name));
  for (const event of events.slice(0, Math.ceil(until * events.length))) {
    now += 100;
    course.take(event);
    each(course);
  }
  return course;
}

describe("without a terminal", () => {
  const lines = (name: string, wanted: WantedImages = shown) => {
    const printed: string[] = [];
    let now = 0;
    const course = new Course(false, () => now);
    const view = lineView(course, wanted, (line) => printed.push(line));
    for (const event of readEvents(recordedText(name))) {
      now += 1000;
      const happened = course.take(event);
      if (happened !== undefined) view.took(happened);
      view.passed();
    }
    view.ended();
    return printed;
  };

  test("each thing that is done has a line, and none has two", () => {
    const printed = lines("failing-images").filter((line) => !/^\d/.test(line));
    expect(new Set(printed).size).toBe(printed.length);
    expect(printed.toSorted()).toEqual(
      [
        ...[26, 27, 56].map((id) => `go_chi_task/${id}: pulled and verified (2.9 MB)`),
        ...[".env: written", ".venv: made", "checkout: made", "cooperbench: tested", "route: proved"],
        "subset of the smoke run: written",
      ].toSorted(),
    );
  });

  test("how far it is has a line every 30 seconds", () => {
    const progress = lines("failing-images").filter((line) => /^\d/.test(line));
    expect(progress[0]).toMatch(/^30s: images \d\/6 verified/);
    expect(progress[1] ?? "1m: images").toMatch(/^1m: images/);
  });

  test("where nothing is done there is no line", () =>
    expect(lines("nothing-changed", { tasks: many, missing: [] })).toEqual([]));

  test("of a destroy none is of images", () => {
    const printed = lines("destroy", { tasks: [], missing: [] });
    expect(printed.filter((line) => line.includes("images"))).toEqual([]);
  });

  test("what a step says has no name before the command that is its fix", () => {
    const text = `Redis is left. ${remedyLine({ command: ["docker", "rm", "x"], when: "if it is so" })}`;
    expect(saidLine(shown, { kind: "said", name: "coop-redis-use", level: "info", text })).toBe(
      "Redis: Redis is left\nFix: if it is so: docker rm x",
    );
  });
});

describe("one screen", () => {
  test.each([
    [80, 24],
    [200, 50],
    [40, 10],
    [20, 4],
    [1, 1],
  ])("of %i columns and %i rows is never left", (columns, rows) => {
    for (const name of ["failing-images", "interrupted", "destroy", "drift-up"])
      play(name, (course) => {
        const lines = screen(course, { ...shown, tasks: many }, { columns, rows }, false);
        expect(lines.length).toBeLessThan(Math.max(rows, 1) + 1);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      });
  });

  test("has each part with its state", () => {
    const lines = screen(
      play("failing-images", () => {}),
      shown,
      { columns: 80, rows: 24 },
      false,
    );
    expect(lines[1]).toMatch(/^images +[\d.]+s {2}3\/6 verified, 3 failed$/);
    expect(lines.join("\n")).toMatch(/^checkout +[\d.]+m?s? +done$/m);
    expect(lines.join("\n")).toMatch(/^services +off$/m);
    expect(lines.join("\n")).toMatch(/^pillow_task\/25 +failed {2}[\d.]+s$/m);
    expect(lines.at(-1)).toMatch(/^failed: pillow_task\/\d+, .* \(3 times the same\)/);
  });

  test("has how far an image and all pulls are", () => {
    const course = new Course(false, () => 0);
    const urn = "urn:pulumi:mine::p::docker:index/remoteImage:RemoteImage::go-chi-task26";
    course.take({
      resourcePreEvent: { metadata: { op: "create", urn, type: "docker:index/remoteImage:RemoteImage" } },
    });
    const line = "2/6 verified; pulling: 1.3 MB of 7.4 MB, 14.1 MB/s, 15s left";
    const images = { "akhatua/cooperbench-go-chi:task26": { done: 1_305_000, total: 2_900_000 } };
    const pulls = { done: 1_300_000, total: 7_400_000, rate: 14_100_000 };
    course.take({
      diagnosticEvent: {
        urn: "urn:pulumi:mine::p::cooperbench:images:BenchmarkImages::images",
        severity: "debug",
        message: JSON.stringify({ line, pulls, images }),
      },
    });
    const lines = screen(course, shown, { columns: 80, rows: 24 }, false);
    expect(lines[1]).toContain("0/6 verified, 5 waiting, 1 pulling");
    expect(lines[2]).toMatch(/^ +pulling: 1.3 MB of 7.4 MB, 14.1 MB\/s, 15s left$/);
    expect(lines.find((one) => one.startsWith("go_chi_task/26"))).toMatch(/ pulling 45 % of 2.9 MB$/);
  });

  test("has every image where there is room, else those that something is done to", () => {
    const course = play("failing-images", () => {});
    const at = (columns: number, rows: number) =>
      screen(course, { ...shown, tasks: many }, { columns, rows }, false).join("\n");
    expect(at(200, 50).match(/_task\/\d+ +(waiting|verified|failed)/g)).toHaveLength(many.length);
    expect(at(80, 20).match(/_task\/\d+ +(waiting|verified|failed)/g)).toHaveLength(3);
  });

  test("is in colour only where it is to be", () => {
    const course = play("failing-images", () => {});
    const size = { columns: 200, rows: 50 };
    expect(screen(course, shown, size, true).map(stripVTControlCharacters)).toEqual(
      screen(course, shown, size, false),
    );
  });
});

describe("at a terminal", () => {
  /** A terminal with as much as is used here: what it shows after a text. */
  function seen(text: string, columns: number): string[] {
    const rows = [""];
    let row = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal reads
    for (const [part, up] of text.matchAll(/\u001b\[(\d+)A|\u001b\[[JK]|[\r\n]|[^\u001b\r\n]+/g)) {
      if (up !== undefined) row -= Number(up);
      else if (part === "\u001b[J") rows.length = row + 1;
      else if (part === "\n") {
        row += 1;
        rows[row] ??= "";
      } else if (part === "\r" || part === "\u001b[K") continue;
      else {
        expect(part.length).toBeLessThan(columns);
        rows[row] = part;
      }
    }
    return rows;
  }

  test("the screen is drawn in its place, what is said stays above it, and at the end it is gone", () => {
    const { output, printed } = recordedOutput({ isTTY: true, columns: 80, rows: 24 }, { NO_COLOR: "1" });
    const course = new Course(false, () => 0);
    const view = screenView(course, shown, output);
    view.passed();
    view.took({ kind: "said", name: "images", level: "info", text: "it is kept as x" });
    course.failed.set("route-proof", "no");
    view.passed();
    const all = printed();
    const rows = seen(all, 80);
    expect(rows[0]).toBe("it is kept as x");
    expect(rows[1]).toMatch(/^up mine, a rehearsal/);
    expect(rows.filter((row) => row.startsWith("images"))).toHaveLength(1);
    view.ended();
    expect(seen(all + printed(), 80)).toEqual(["it is kept as x", expect.anything()]);
  });

  test("what does not change is not drawn again", () => {
    const { output, printed } = recordedOutput({ isTTY: true, columns: 80, rows: 24 });
    const view = screenView(new Course(false, () => 0), shown, output);
    view.passed();
    printed();
    view.passed();
    expect(printed()).toBe("");
  });

  test("that was made narrower the rows that it has wrapped are drawn over", () => {
    const terminal = { isTTY: true, columns: 80, rows: 24 };
    const { output, printed, resize } = recordedOutput(terminal);
    const view = screenView(new Course(false, () => 0), shown, output);
    view.passed();
    const before = printed();
    const wide = before.split("\n").map((line) => stripVTControlCharacters(line).length);
    resize({ columns: 20, rows: 24 });
    view.passed();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal reads
    const up = /^\r\u001b\[(\d+)A/.exec(printed())?.[1];
    expect(Number(up)).toBe(wide.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / 20)), 0) - 1);
  });

  test.each([
    [{ isTTY: true }, {}, { canDraw: true, isInColour: true }],
    [{ isTTY: true }, { NO_COLOR: "1" }, { canDraw: true, isInColour: false }],
    [{ isTTY: true }, { TERM: "dumb" }, { canDraw: false, isInColour: true }],
    [{ isTTY: false }, {}, { canDraw: false, isInColour: false }],
  ])("%j with %j is %j", (terminal, env, expected) =>
    expect(recordedOutput(terminal, env).output).toMatchObject(expected),
  );

  test("that does not know its size has 80 columns and 24 rows", () =>
    expect(recordedOutput({ isTTY: true, columns: 0, rows: 0 }).output.size()).toEqual({
      columns: 80,
      rows: 24,
    }));
});
