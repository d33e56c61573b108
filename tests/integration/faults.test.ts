import { readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatImagesLock, type LockedImage, readImagesLock } from "../../benchmark/images-lock.ts";
import { findProcesses } from "../../rehearsal/processes.ts";
import { publishImage, removeImage } from "../../rehearsal/publish.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { sharedLayers } from "../../rehearsal/shared-layers.ts";
import { type Fault, standIn } from "../../rehearsal/stand-in-image.ts";
import { readTasks } from "../../rehearsal/tasks.ts";
import { findTools } from "../../rehearsal/tools.ts";
import { type Ended, Lab } from "./lab.ts";

const broken = {
  "akhatua/cooperbench-go-chi:task26": "no-repository",
  "akhatua/cooperbench-go-chi:task27": "wrong-commit",
  "akhatua/cooperbench-pillow:task25": "hanging-head",
} as const satisfies Record<string, Fault>;
const missing = "akhatua/cooperbench-typst:task6554";

const lab = new Lab();
let dockerHost: string;
let ended: Ended;

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  const registry = lab.rehearsal.registryUrl() ?? "";
  const { images } = readImagesLock(lab.rehearsal.imagesLock);
  const locked: Record<string, LockedImage> = { ...images };
  const shared = await sharedLayers(await findTools(() => {}));
  for (const task of readTasks()) {
    const fault = broken[task.image as keyof typeof broken];
    const good = images[task.image];
    if (fault === undefined || good === undefined) continue;
    const published = await publishImage(registry, (await standIn(task, shared, { fault })).spec);
    locked[task.image] = { ...good, ...published };
  }
  await removeImage(registry, missing);
  const imagesLock = join(lab.folder, "images.lock.json");
  writeFileSync(imagesLock, formatImagesLock({ images: locked }));
  // By another path to its socket the engine is no rehearsal to ./machine, which so mends nothing in its registry.
  const socket = join(lab.folder, "engine.sock");
  symlinkSync(join(lab.rehearsal.dir, "docker.sock"), socket);
  dockerHost = `unix://${socket}`;
  ended = await lab.machine(["up", await lab.makeStack({ dockerHost, imagesLock, probeTimeoutSeconds: 15 })]);
});
afterAll(() => lab.close());

test("an update with broken images fails, and verifies all the others", () => {
  expect(ended.code).not.toBe(0);
  expect(ended.stdout).toContain("22/26 images verified (0 found, 22 pulled)");
});

test.each([
  ["go-chi:task26", /go-chi:task26 failed its probe: it has no \/workspace\/repo$/m],
  [
    "go-chi:task27",
    /go-chi:task27 failed its probe: its \/workspace\/repo is at commit [0-9a-f]{40}, the task's base commit is [0-9a-f]{40}$/m,
  ],
  [
    "pillow:task25",
    /pillow:task25 failed its probe: the container did not answer within 15 s and was removed$/m,
  ],
  [
    "typst:task6554",
    /typst:task6554 could not be pulled: the registry has no such image \(.*(manifest unknown|: not found)/,
  ],
])("%s is told with its own reason and remedy", (_, message) => {
  expect(
    ended.stdout
      .split("\n")
      .filter((line) => line.startsWith("failed: "))
      .join("\n"),
  ).toMatch(message);
});

test("no container is left, and no good image is lost", async () => {
  expect(await lab.containers()).toEqual([]);
  expect(await lab.engine.listImages()).toHaveLength(25);
});

test("an engine that does not answer is named, with the remedy", async () => {
  const stack = await lab.makeStack({ dockerHost: `unix://${lab.folder}/nobody.sock` });
  const { code, stderr } = await lab.machine(["up", stack]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /nothing was changed:\n.*engine at unix:.*nobody\.sock .*does not answer[\s\S]*\nFix: start it [\s\S]*set \S+ dockerHost[\s\S]*\.\/machine up dev/,
  );
});

test("a wrong configuration is told whole, before anything is touched", async () => {
  const wrong = { subset: "lte", modelApiBase: "nope", colour: "red", cooperbenchDir: "a\nb" };
  const stack = await lab.makeStack(wrong);
  for (const command of ["up", "preview"]) {
    const { code, stderr } = await lab.machine([command, stack]);
    expect(code).toBe(1);
    expect(stderr).toContain("have 4 faults. Nothing was changed");
    for (const key of Object.keys(wrong)) expect(stderr).toContain(`  ${key}: `);
  }
});

test("a network without the registry is told at once, names the rehearsal, and nothing is changed", async () => {
  for (const pid of findProcesses(lab.rehearsal.dir)) {
    if (readlinkSync(`/proc/${pid}/exe`).endsWith("/docker-registry")) process.kill(pid, "SIGKILL");
  }
  const stack = await lab.makeStack({
    dockerHost,
    tasks: ["typst_task"],
    cooperbenchDir: join(lab.folder, "unused"),
  });
  const { code, stdout, stderr } = await lab.machine(["up", stack]);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(
    /nothing was changed:\n.*cannot reach the registry.*\nFix: check the engine's network[\s\S]*\.\/machine up dev/,
  );
});
