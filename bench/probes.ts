/**
 * The probes of an update, each a process, as Pulumi starts them (8 at a time on 2 cores), and one alone; of this project
 * and of another checkout of it, in turn. Usage: ./machine exec node bench/probes.ts OTHER [RUNS, default 3]
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import PQueue from "p-queue";
import { readImagesLock } from "../benchmark/images-lock.ts";
import { tasksOn } from "../benchmark/stand-ins.ts";
import { readTasks, selectTasks, type Task } from "../benchmark/tasks.ts";
import { engineAt } from "../provision/engine/client.ts";
import { ImagePulls } from "../provision/engine/image-pulls.ts";
import { requestVariable } from "../provision/steps/contract.ts";
import { startRehearsal } from "../rehearsal/rehearsal.ts";
import { Lab } from "../tests/integration/lab.ts";
import { inTurn, seconds, shown } from "./measure.ts";

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
  const probe = (project: string, { image, baseCommit }: Task, isLocked = true) => {
    const { digest, imageId, platform } = (isLocked && images[image]) || {};
    const request = {
      ...{ owner: { stack: "bench" }, dockerHost: lab.rehearsal.dockerHost, image, container: "bench" },
      ...{ baseCommit, timeoutSeconds: 60 },
      ...(isLocked && { locked: { digest, imageId, platform } }),
    };
    const text = JSON.stringify(request);
    // REQUEST is what checkouts before 987e416 call it.
    const env = { ...lab.env, NODE_COMPILE_CACHE: cache, [requestVariable]: text, REQUEST: text };
    return seconds(process.execPath, ["provision/main.ts", "probe", "make"], env, project);
  };
  const all = async (project: string) => {
    const queue = new PQueue({ concurrency: 8 });
    await Promise.all(there.map((task) => queue.add(() => probe(project, task))));
  };
  const [first] = there;
  if (first === undefined) throw new Error("lite has no task");
  const show = async (what: string, rounds: number, probes: (project: string) => Promise<unknown>) => {
    const timed = async (project: string) => {
      const started = performance.now();
      await probes(project);
      return (performance.now() - started) / 1000;
    };
    const taken = await inTurn(rounds, { here: () => timed(here), there: () => timed(other) });
    console.log(`${what}: here ${shown(taken.here)}, there ${shown(taken.there)}`);
  };
  await show("26 probes", runs, all);
  await show("one probe", 2 * runs, (project) => probe(project, first));
  const large = await withFiles(first, 10_000);
  await show("one probe of a repository of 10,000 files", 2 * runs, (project) =>
    probe(project, large, false),
  );
} finally {
  await lab.close();
}

/** An image of a task's whose repository has so many files, in a commit of their own. */
async function withFiles(task: Task, files: number): Promise<Task> {
  const image = "bench/files:many";
  const script = `set -e
    cd /workspace/repo
    mkdir files
    for number in $(seq ${files}); do echo "$number" >"files/$number"; done
    git add files
    git -c user.name=bench -c user.email=bench@example.com commit -q -m files
    git rev-parse HEAD >/tmp/commit`;
  const container = await lab.engine.createContainer({
    Image: task.image,
    Entrypoint: ["/bin/bash", "-c"],
    Cmd: [script],
  });
  await container.start();
  const { StatusCode } = await container.wait();
  if (StatusCode !== 0) throw new Error(`the files could not be made (${StatusCode})`);
  const archive = await text(await container.getArchive({ path: "/tmp/commit" }));
  await container.commit({ repo: "bench/files", tag: "many" });
  await container.remove();
  return { ...task, image, baseCommit: /[0-9a-f]{40}/.exec(archive.slice(512))?.[0] ?? "" };
}
