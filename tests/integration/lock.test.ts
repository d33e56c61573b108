import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatImagesLock, type LockedImage, readImagesLock } from "../../benchmark/images-lock.ts";
import { publishImage, removeImage } from "../../rehearsal/publish.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { sharedLayers } from "../../rehearsal/shared-layers.ts";
import { standIn } from "../../rehearsal/stand-in-image.ts";
import { readTasks } from "../../rehearsal/tasks.ts";
import { findTools } from "../../rehearsal/tools.ts";
import { type Ended, Lab } from "./lab.ts";

const moved = "akhatua/cooperbench-go-chi:task26";
const removed = "akhatua/cooperbench-typst:task6554";

const lab = new Lab();
const file = join(lab.folder, "locks", "images.lock.json");
let stack: string;
let first: Ended;

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  stack = await lab.makeStack({ imagesLock: file });
  first = await lab.machine(["lock", stack]);
});
afterAll(() => lab.close());

const text = () => readFileSync(file, "utf8");
const short = (entry: LockedImage | undefined) => entry?.digest.slice(0, "sha256:".length + 12);

test("a lock from scratch is that of the images that were published, except for times", () => {
  // Where it takes longer than two seconds, it says how far it is.
  const { code, stderr } = first;
  expect([code, stderr.replaceAll(/^ +[\d.]+ s {2}.*\n/gm, "")]).toEqual([0, ""]);
  expect(first.stdout).toContain(`32 images: 32 new; written: ${file}\n`);
  const known = ({ images }: ReturnType<typeof readImagesLock>) =>
    Object.entries(images).map(([image, { lockedAt, ...entry }]) => ({ image, ...entry }));
  expect(known(readImagesLock(file))).toEqual(known(readImagesLock(lab.rehearsal.imagesLock)));
  expect(text()).toBe(formatImagesLock(readImagesLock(file)));
});

test("a second lock writes the same file, and a check agrees", async () => {
  const before = text();
  for (const [args, what] of [
    [[], "not changed"],
    [["--check"], "checked"],
  ] as const) {
    const { code, stdout } = await lab.machine(["lock", stack, ...args]);
    expect(stdout).toMatch(/^Done: /);
    expect(stdout).toContain(`32 images: 32 as locked; ${what}: ${file}\n`);
    expect(code).toBe(0);
  }
  expect(text()).toBe(before);
});

test("a lock that was cut off is named with the command that makes it again, and kept aside by that", async () => {
  const before = text();
  writeFileSync(file, before.slice(0, 500));
  for (const args of [
    ["doctor", stack],
    ["status", stack],
    ["plan", stack],
    ["lock", stack, "--check"],
  ]) {
    const { code, stdout, stderr } = await lab.machine(args);
    const told = stdout + stderr;
    if (args[0] !== "plan")
      expect([code, told]).toEqual([1, expect.stringContaining(`${file} is no image lock file`)]);
    if (args[0] !== "plan") expect(told).toContain(`Fix: ./machine lock ${stack}`);
    expect(told).not.toMatch(/^ +at /m);
  }
  const made = await lab.machine(["lock", stack]);
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining(`it is kept as ${file}.damaged`) });
  expect(Object.keys(readImagesLock(file).images)).toHaveLength(32);
  writeFileSync(file, before);
});

test("a tag that has moved is told by a check, which changes nothing, and is locked anew alone", async () => {
  const [task] = readTasks().filter(({ image }) => image === moved);
  if (task === undefined) throw new Error("the manifest lacks the task that is tested");
  const shared = await sharedLayers(await findTools(() => {}));
  const { digest } = await publishImage(
    lab.rehearsal.registryUrl() ?? "",
    (await standIn(task, shared, { payloadBytes: 50_000 })).spec,
  );
  const before = text();
  const locked = readImagesLock(file).images;
  const move = `${short(locked[moved])} -> ${digest.slice(0, "sha256:".length + 12)}`;

  const check = await lab.machine(["lock", stack, "--check"]);
  expect(check.code).toBe(1);
  const sizes = "\\(\\d\\.\\d+ MB, \\+[\\d.]+ kB\\)";
  expect(check.stdout).toMatch(
    new RegExp(`^moved: ${moved} ${move} ${sizes}\nNot ready: 32 images: 31 as locked, 1 moved; checked`),
  );
  expect(check.stdout).toContain(`\nNext: ./machine lock ${stack}\n`);
  expect(text()).toBe(before);

  const again = await lab.machine(["lock", stack]);
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(new RegExp(`^moved: ${moved} ${move} ${sizes}\nDone: 32 images`));
  const { [moved]: fresh, ...others } = readImagesLock(file).images;
  expect({ ...others, [moved]: locked[moved] }).toEqual(locked);
  expect(fresh).toMatchObject({ digest });
  expect(Date.parse(fresh?.lockedAt ?? "")).toBeGreaterThan(Date.parse(locked[moved]?.lockedAt ?? ""));
});

test("an image that is gone is told with its reason, and keeps its entry", async () => {
  await removeImage(lab.rehearsal.registryUrl() ?? "", removed);
  const before = text();
  const { code, stdout } = await lab.machine(["lock", stack]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    new RegExp(
      `^failed: ${removed}: 127\\.0\\.0\\.1:\\d+ has no such image \\(HEAD .* gave 404\\)\nFix: check the reference\nFailed: 32 images`,
    ),
  );
  expect(stdout).toContain("32 images: 31 as locked, 1 failed; not changed: ");
  expect(text()).toBe(before);
});

test("a rehearsal that does not run is named with the command that starts it", async () => {
  const nowhere = join(lab.folder, "nowhere");
  const dockerHost = `unix://${nowhere}/docker.sock`;
  const other = await lab.makeStack({ dockerHost, imagesLock: `${nowhere}/images.lock.json` });
  const { code, stderr } = await lab.machine(["lock", other]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^machine: the rehearsal's engine at unix:.* does not run .*\n.*: \.\/machine rehearsal start \S+\/nowhere\n/,
  );
});

test("an engine that does not answer is named, and nothing is written", async () => {
  const lone = join(lab.folder, "none.json");
  const dockerHost = `unix://${lab.folder}/nobody.sock`;
  const other = await lab.makeStack({ dockerHost, imagesLock: lone });
  const { code, stderr } = await lab.machine(["lock", other]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/engine at unix:.*nobody\.sock does not answer/);
  expect(existsSync(lone)).toBe(false);
});

test("a network without any registry is told once, with what was tried", async () => {
  const nowhere = { HTTPS_PROXY: "http://127.0.0.1:1", https_proxy: "http://127.0.0.1:1" };
  const { code, stdout, stderr } = await lab.machine(["lock"], nowhere);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /^machine: no registry answers, and nothing was written:\n {2}registry-1\.docker\.io cannot be reached \(.*127\.0\.0\.1:1\)\nFix: run this where/,
  );
});
