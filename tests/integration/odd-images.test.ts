import { afterAll, test as anyTest, beforeAll, expect } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { isChroot } from "./chroot.ts";
import { Lab } from "./lab.ts";
import { fewOddImages } from "./odd-images/odd-images.ts";
import { judgeOddImages, type Verdicts } from "./odd-images/trial.ts";

const lab = new Lab();
let verdicts: ReadonlyMap<string, Verdicts>;

// CooperBench's agents and evaluations work by docker exec.
const test = anyTest.skipIf(isChroot);
if (isChroot) console.warn("not tried in a chroot, where docker exec does not enter containers: odd images");

beforeAll(async () => {
  if (isChroot) return;
  await startRehearsal(lab.rehearsal, () => {});
  verdicts = await judgeOddImages(lab, fewOddImages);
});
afterAll(() => lab.close());

// tests/long/odd-images.test.ts has the whole table.
test.each(Object.keys(fewOddImages))(
  "probe and oracle find an image good where CooperBench works in it: %s",
  (name) => {
    const { ours, theirs } = verdicts.get(name) as Verdicts;
    expect(ours.length === 0, `ours: ${ours.join("; ")}; theirs: ${theirs.join("; ")}`).toBe(
      theirs.length === 0,
    );
  },
);

test("and leave no container", async () => {
  if (!isChroot) expect(await lab.containers()).toEqual([]);
});
