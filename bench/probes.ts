/**
 * The probes of an update, each a process, as Pulumi starts them (8 at a time on 2 cores), and one alone; of this project
 * and of another checkout of it, in turn. Usage: ./machine exec node bench/probes.ts OTHER [RUNS, default 3]
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import PQueue from "p-queue";
import { readImagesLock } from "../benchmark/images-lock.ts";
import { tasksOn } from "../benchmark/stand-ins.ts";
import { readTasks, selectTasks, type Task } from "../benchmark/tasks.ts";
import { engineAt } from "../provision/engine/client.ts";
import { ImagePulls } from "../provision/engine/image-pulls.ts";
import { requestVariable } from "../provision/steps/contract.ts";
import { startRehearsal } from "../rehearsal/rehearsal.ts";
import { Lab } from "../tests/integration/lab.ts";
import { inTurn, seconds } from "./measure.ts";

const here = resolve(import.meta.dirname, "..");
const other = resolve(process.argv[2] ?? here);
const runs = Number(process.argv[3] ?? 3);
const { tasks } = selectTasks(readTasks(), "lite", []);
const lab = new Lab();

try {
  await startRehearsal(lab.rehearsal, console.error, { payloadBytes: 1_000_000 });
  const { images } = readImagesLock(lab.rehearsal.imagesLock);
  const pulls = new ImagePulls(
    engineAt(lab.rehearsal.dockerHost),
    { mirror: "", stallSeconds: 60 },
    { follow() {}, say() {} },
  );
  await Promise.all(tasks.map(({ image }) => pulls.ensure({ reference: image, locked: images[image] })));

  const there = tasksOn(tasks, lab.rehearsal.dockerHost);
  const cache = join(lab.folder, "compile-cache");
  mkdirSync(cache);
  const probe = (project: string, { image, baseCommit }: Task) => {
    const { digest, imageId, platform } = images[image] ?? {};
    const request = {
      ...{ owner: { stack: "bench" }, dockerHost: lab.rehearsal.dockerHost, image, container: "bench" },
      ...{ baseCommit, locked: { digest, imageId, platform }, timeoutSeconds: 60 },
    };
    const text = JSON.stringify(request);
    // REQUEST is what checkouts before 987e416 call it.
    const env = { ...lab.env, NODE_COMPILE_CACHE: cache, [requestVariable]: text, REQUEST: text };
    return seconds(process.execPath, ["provision/main.ts", "probe", "make"], env, project);
  };
  const all = async (project: string) => {
    const queue = new PQueue({ concurrency: 8 });
    const started = performance.now();
    await Promise.all(there.map((task) => queue.add(() => probe(project, task))));
    return (performance.now() - started) / 1000;
  };
  const show = (what: string, { ours, bare, ratio }: Awaited<ReturnType<typeof inTurn>>) =>
    console.log(`${what}: here ${ours.toFixed(2)} s, there ${bare.toFixed(2)} s, ratio ${ratio.toFixed(2)}`);
  const [first] = there;
  if (first === undefined) throw new Error("lite has no task");
  show(
    "26 probes",
    await inTurn(
      runs,
      () => all(here),
      () => all(other),
    ),
  );
  show(
    "one probe",
    await inTurn(
      2 * runs,
      () => probe(here, first),
      () => probe(other, first),
    ),
  );
} finally {
  await lab.close();
}
