import { beforeEach, describe, expect, test } from "vitest";
import { NoAnswer } from "../../../../provision/engine/no-answer.ts";
import { type PullEvent, pull, Stalled } from "../../../../provision/engine/pull.ts";
import { engines, failing, RecordedEngine, type Recording, recording, TestClock } from "./recorded-engine.ts";

let clock: TestClock;
let engine: RecordedEngine;
let events: PullEvent[];
beforeEach(() => {
  clock = new TestClock();
  engine = new RecordedEngine(clock);
  events = [];
});

/** Pulls as it was recorded, with 3 s of patience. Gives how it failed. */
async function play(
  version: (typeof engines)[number],
  how: Recording | (() => never),
  { stallSeconds = 3, line = { moved: 0 } } = {},
): Promise<Error | undefined> {
  engine.pulls.set("a/b:c", [how]);
  const request = { source: "a/b:c", stallSeconds, line, isContainerds: version !== "20.10" };
  return clock.until(
    pull(engine.client, request, (event) => events.push(event), clock).then(
      () => undefined,
      (error: Error) => error,
    ),
  );
}

describe.each(engines)("of engine %s,", (version) => {
  test.each(["whole", "again", "cut-once"])("a pull that is %s is followed to its end", async (name) => {
    const lines = recording(version, name);
    expect(await play(version, lines, { stallSeconds: 10 })).toBe(undefined);
    expect(events).toEqual(lines.flatMap(({ event }) => event ?? []));
  });

  test.each(["stall", "beside-stalled", "silent-manifest"])(
    "one whose bytes do not come is ended in time: %s",
    async (name) => {
      // A modern engine gives a registry 30 s itself.
      const isEngines = version === "modern" && name === "silent-manifest";
      const error = await play(version, recording(version, name));
      expect(error).toBeInstanceOf(Stalled);
      expect(error?.message).toBe("no byte and no extraction for 3 s");
      // The last byte came within two seconds.
      expect(clock.now()).toBeLessThan(isEngines ? 30_000 : 6000);
    },
  );

  test("one of whose layer nothing comes is ended, too, later where it may be waiting for its turn", async () => {
    const error = await play(version, recording(version, "silent-blob"));
    expect(error?.message).toBe(`no byte and no extraction for ${version === "20.10" ? 3 : 30} s`);
  });

  test.each(["beside", "queue", "unpack"])(
    "one that waits for another program's pull, or is silent at its unpacking, is left alone: %s",
    async (name) => {
      expect(await play(version, recording(version, name))).toBe(undefined);
    },
  );

  test("what was spoilt on its way is an error", async () => {
    expect((await play(version, recording(version, "spoilt"), { stallSeconds: 20 }))?.message).toMatch(
      /verification failed|failed verification|unexpected commit digest|unexpected digest/,
    );
  });
});

test("on 20.10, a pull whose turn never comes is left waiting while the engine answers", async () => {
  let pings = 0;
  engine.ping = async () => {
    pings += 1;
    if (pings === 100) throw new NoAnswer("unix:///gone.sock", "no answer in 60 s");
  };
  expect(await play("20.10", recording("20.10", "queue-stalled"))).toBeInstanceOf(NoAnswer);
  expect(clock.now()).toBeGreaterThan(300_000);
});

test("on a modern engine, which says nothing of a turn, it is ended at last, and not while others of the line move", async () => {
  const line = { moved: 0 };
  const moves = setInterval(() => {
    if (clock.now() < 300_000) line.moved = clock.now();
  }, 0);
  const error = await play("modern", recording("modern", "queue-stalled"), { line });
  clearInterval(moves);
  expect(error?.message).toBe("no byte and no extraction for 30 s");
  expect(clock.now()).toBeGreaterThan(300_000);
});

/** A pull that gets no further than its last layer. */
const endless = (version: (typeof engines)[number], name: string) =>
  recording(version, name)
    .filter(({ event }) => !/^(Digest|Status)/.test(event?.status ?? ""))
    .map((line) => (line.end ? { ...line, end: "aborted" as const } : line));

test("on 26.1, an unpacking that never ends is ended, too", async () => {
  expect((await play("26.1", endless("26.1", "unpack")))?.message).toBe("no byte and no extraction for 30 s");
});

test("on 20.10, a configuration that does not come, of which it says nothing, is waited for no longer than a layer", async () => {
  expect((await play("20.10", endless("20.10", "whole")))?.message).toBe("no byte and no extraction for 3 s");
});

test("an engine's refusal, and a lost connection, are passed on", async () => {
  expect(await play("20.10", recording("20.10", "status-404"))).toMatchObject({ status: 500 });
  const lost = new NoAnswer("unix:///gone.sock", "read ECONNRESET");
  expect(await play("20.10", failing(lost))).toBe(lost);
});
