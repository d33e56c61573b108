import fc from "fast-check";
import { expect, test } from "vitest";
import { readTasks } from "../../../../benchmark/tasks.ts";
import { toPull } from "../../../../checks/doctor/to-pull.ts";
import { engineImages, type ListedImage } from "../../../../provision/engine/images.ts";
import { digest, lockedTasks } from "./facts.ts";

const pullWith = (wanted: Parameters<typeof toPull>[0], listed: readonly ListedImage[]) =>
  toPull(wanted, engineImages(listed));
const [base, one, two] = [digest(1), digest(2), digest(3)];
const tasks = lockedTasks({ [base]: 50, [one]: 7 }, { [base]: 50, [two]: 90 });
const [first, second] = tasks.map(({ locked }) => locked);
const other = digest(9);

test("a layer that two images share counts once", () =>
  expect(pullWith(tasks, [])).toMatchObject({
    missing: tasks,
    layers: [90, 50, 7],
    bytes: 147,
    unlocked: 0,
  }));

test.each([
  ["its id", { Id: first?.imageId ?? "" }],
  ["its digest as id, as containerd has it", { Id: first?.digest ?? "" }],
  ["id and digest, under any name", { Id: first?.imageId ?? "", RepoDigests: [`mirror/x@${first?.digest}`] }],
])("a locked image is found by %s, and its layers are not to be pulled", (_, image) => {
  const { missing, layers } = pullWith(tasks, [image]);
  expect(missing.map(({ locked }) => locked)).toEqual([second]);
  expect(layers).toEqual([90]);
});

test("another image under a locked image's tag is not it", () => {
  const tag = tasks[0]?.image ?? "";
  const image = { Id: other, RepoTags: [tag], RepoDigests: null };
  expect(pullWith(tasks, [image]).missing).toHaveLength(2);
});

test("an unlocked image is found by its tag, and has no size", () => {
  const [task] = readTasks();
  if (task === undefined) throw new Error("no task");
  expect(pullWith([task], [{ Id: other, RepoTags: [task.image] }]).missing).toEqual([]);
  expect(pullWith([task], [{ Id: other, RepoTags: null }])).toMatchObject({ bytes: 0, unlocked: 1 });
});

test("the more an engine has, the less is to be pulled", () => {
  const some = lockedTasks(...Array.from({ length: 6 }, (_, n) => ({ [base]: 100, [digest(10 + n)]: n })));
  const has = (ids: readonly number[]) =>
    pullWith(
      some,
      ids.map((id) => ({ Id: some[id]?.locked?.imageId ?? "" })),
    );
  fc.assert(
    fc.property(fc.subarray([0, 1, 2, 3, 4, 5]), fc.subarray([0, 1, 2, 3, 4, 5]), (a, b) => {
      expect(has([...a, ...b]).bytes).toBeLessThanOrEqual(has(a).bytes);
      expect(has(a).missing).toHaveLength(6 - a.length);
      expect(has(a).bytes).toBe(has(a).layers.reduce((sum, bytes) => sum + bytes, 0));
    }),
  );
});
