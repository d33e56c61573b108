/**
 * The oracle of five tasks as an update runs them, a process each and two at a time; of this project and of another
 * checkout of it, in turn. Usage: ./machine exec node bench/oracle.ts OTHER [RUNS, default 3]
 */
import { resolve } from "node:path";
import PQueue from "p-queue";
import { readTasks, selectTasks, spreadTasks, taskName } from "../benchmark/tasks.ts";
import { engineAt } from "../provision/engine/client.ts";
import { findImage } from "../provision/engine/images.ts";
import { proofRevisions, requestVariable } from "../provision/steps/contract.ts";
import { taskFolder } from "../provision/steps/task-dataset.ts";
import { startRehearsal } from "../rehearsal/rehearsal.ts";
import { SOURCE_COMMIT } from "../rehearsal/source-commit.ts";
import { Lab } from "../tests/integration/lab.ts";
import { inTurn, seconds, shown } from "./measure.ts";

const here = resolve(import.meta.dirname, "..");
const other = resolve(process.argv[2] ?? here);
const runs = Number(process.argv[3] ?? 3);
const tasks = spreadTasks(selectTasks(readTasks(), "lite", []).tasks, 5);
const lab = new Lab();

try {
  await startRehearsal(lab.rehearsal, console.error);
  const stack = await lab.makeStack({ tasks: tasks.map(taskName) });
  const update = await lab.machine(["up", stack]);
  if (update.code !== 0) throw new Error(update.stdout + update.stderr);
  const { dockerHost } = lab.rehearsal;
  const requests = await Promise.all(
    tasks.map(async (task) => ({
      ...{ owner: { stack: "bench" }, dockerHost, image: task.image, container: "bench", timeoutSeconds: 60 },
      ...{ folder: taskFolder(lab.checkout, task), commit: SOURCE_COMMIT, revision: proofRevisions.oracle },
      imageId: (await findImage(engineAt(dockerHost), task.image))?.id,
    })),
  );
  const all = async (project: string) => {
    const queue = new PQueue({ concurrency: 2 });
    const started = performance.now();
    const oracle = (request: unknown) =>
      seconds(
        process.execPath,
        ["provision/main.ts", "oracle", "make"],
        { ...lab.env, [requestVariable]: JSON.stringify(request) },
        project,
      );
    await Promise.all(requests.map((request) => queue.add(() => oracle(request))));
    return (performance.now() - started) / 1000;
  };
  const { here: ours, there } = await inTurn(runs, { here: () => all(here), there: () => all(other) });
  console.log(`five oracles: here ${shown(ours)}, there ${shown(there)}`);
} finally {
  await lab.close();
}
