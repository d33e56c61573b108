import { expect, test } from "vitest";
import { progressLine } from "../../../../provision/engine/progress-line.ts";
import { PullProgress } from "../../../../provision/engine/pull-progress.ts";

const layer = (digit: string) => ({ digest: `sha256:${digit.repeat(64)}`, id: digit.repeat(12) });
const [shared, own, other] = [layer("a"), layer("b"), layer("c")];

function planned(): PullProgress {
  const progress = new PullProgress();
  progress.plan({ [shared.digest]: 100, [own.digest]: 10 });
  progress.plan({ [shared.digest]: 100, [other.digest]: 20 });
  return progress;
}

test("a layer that several images share is counted once", () => {
  expect(planned().at(0)).toMatchObject({ done: 0, total: 130 });
});

test("what is downloaded is done, and stays so while it is unpacked and found by other images", () => {
  const progress = planned();
  progress.follow({ id: own.id, status: "Downloading", progressDetail: { current: 4, total: 10 } });
  expect(progress.at(0).done).toBe(4);
  progress.follow({ id: shared.id, status: "Download complete" });
  progress.follow({ id: shared.id, status: "Extracting", progressDetail: { current: 1, total: 100 } });
  progress.follow({ id: shared.id, status: "Already exists" });
  expect(progress.at(0)).toMatchObject({ done: 104, total: 130 });
});

test("a layer that the engine had is not to come", () => {
  const progress = planned();
  progress.follow({ id: shared.id, status: "Already exists" });
  expect(progress.at(0).total).toBe(30);
});

test("a layer that no lock has told is known from its download on", () => {
  const progress = new PullProgress();
  progress.follow({ id: "task26", status: "Pulling from a/b" });
  progress.follow({ id: own.id, status: "Pulling fs layer" });
  expect(progress.at(0).total).toBe(0);
  progress.follow({ id: own.id, status: "Downloading", progressDetail: { current: 1, total: 10 } });
  expect(progress.at(0)).toMatchObject({ done: 1, total: 10 });
});

test("the rate is that of the last seconds, and is never below nothing where a download begins anew", () => {
  const progress = planned();
  const at = (seconds: number, current: number) => {
    progress.follow({ id: shared.id, status: "Downloading", progressDetail: { current, total: 100 } });
    return progress.at(seconds * 1000).rate;
  };
  expect(at(0, 0)).toBe(0);
  expect(at(5, 10)).toBe(2);
  expect(at(12, 80)).toBe(10);
  expect(at(14, 0)).toBe(0);
});

test.each([
  [
    { done: 3.1e9, total: 24.9e9, rate: 85e6 },
    0,
    "9/26 verified; pulling: 3.1 GB of 24.9 GB, 85 MB/s, 4m 16s left",
  ],
  [{ done: 0, total: 24.9e9, rate: 0 }, 0, "9/26 verified; pulling: 0 B of 24.9 GB"],
  [{ done: 5e6, total: 5e6, rate: 1e6 }, 0, "9/26 verified; unpacking: 5 MB of 5 MB"],
  [
    { done: 1e6, total: 5e6, rate: 0 },
    3,
    "9/26 verified; pulling: 1 MB of 5 MB known (3 images are not locked)",
  ],
])("%j with %d unlocked reads as one line", (progress, unlocked, line) => {
  expect(progressLine(progress, "9/26", unlocked)).toBe(line);
});

test("an image is as far as its layers that are not there yet", () => {
  const progress = planned();
  progress.follow({ id: shared.id, status: "Already exists" });
  progress.follow({ id: own.id, status: "Downloading", progressDetail: { current: 4, total: 10 } });
  expect(progress.of({ [shared.digest]: 100, [own.digest]: 10 })).toEqual({ done: 4, total: 10 });
});
