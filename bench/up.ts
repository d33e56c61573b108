/**
 * `./machine up` with everything there but the images, against the bare pulls and then the bare probes, 16 at a time.
 * The 26 stand-ins have 20 MB each. Usage: ./machine exec node bench/up.ts [RUNS, default 3]
 */
import { join, resolve } from "node:path";
import { readTasks, selectTasks } from "../benchmark/tasks.ts";
import { startRehearsal } from "../rehearsal/rehearsal.ts";
import { Lab } from "../tests/integration/lab.ts";
import { inTurn, seconds } from "./measure.ts";

const projectDir = resolve(import.meta.dirname, "..");
const runs = Number(process.argv[2] ?? 3);
const images = selectTasks(readTasks(), "lite", []).tasks.map((task) => task.image);
const lab = new Lab();

async function removeImages(): Promise<void> {
  await Promise.all(
    (await lab.engine.listImages()).map(({ Id }) => lab.engine.getImage(Id).remove({ force: true })),
  );
}

/** Runs a docker command for each image, 16 at a time. */
function docker(command: string): Promise<number> {
  const script = `printf '%s\\n' ${images.join(" ")} | xargs -P 16 -I IMAGE docker ${command}`;
  return seconds("sh", ["-c", script], { ...lab.env, DOCKER_HOST: lab.rehearsal.dockerHost });
}

try {
  await startRehearsal(lab.rehearsal, console.error, { payloadBytes: 20_000_000 });
  const stack = await lab.makeStack();
  const first = await lab.machine(["up", stack]);
  if (first.code !== 0) throw new Error(first.stdout + first.stderr);
  const { ours, bare, ratio } = await inTurn(
    runs,
    async () => {
      await removeImages();
      return seconds(join(projectDir, "machine"), ["up", stack], lab.env, projectDir);
    },
    async () => {
      await removeImages();
      const pull = await docker("pull -q IMAGE");
      return (
        pull +
        (await docker(
          "run --rm --network=none --cap-drop=ALL --entrypoint /bin/cat IMAGE /workspace/repo/.git/HEAD",
        ))
      );
    },
  );
  console.log(
    `./machine up ${ours.toFixed(1)} s, bare pulls and probes ${bare.toFixed(1)} s, ratio ${ratio.toFixed(2)} (medians of ${runs})`,
  );
} finally {
  await lab.close();
}
