import { afterAll, expect, test } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { Lab } from "../integration/lab.ts";
import { oddImages } from "../integration/odd-images/odd-images.ts";
import { judgeOddImages } from "../integration/odd-images/trial.ts";

const lab = new Lab();
afterAll(() => lab.close());

test("probe and oracle find an image good where CooperBench works in it, and its tests prove something", async () => {
  await startRehearsal(lab.rehearsal, () => {});
  const verdicts = await judgeOddImages(lab, oddImages);
  const others = Object.entries(oddImages).filter(([name, { provesNothing = false }]) => {
    const { ours, theirs } = verdicts.get(name) ?? { ours: [], theirs: ["no verdict"] };
    return (ours.length === 0) !== (theirs.length === 0 && !provesNothing);
  });
  expect(others.map(([name]) => [name, verdicts.get(name)])).toEqual([]);
  expect(verdicts.size).toBe(Object.keys(oddImages).length);
}, 1_800_000);
