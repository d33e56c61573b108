/**
 * Pulls of the 26 stand-ins of lite, 40 MB each, by how many are pulled at once, in turn.
 * Usage: ./machine exec node bench/pulls.ts [RUNS, default 3]
 */

import { readImagesLock } from "../benchmark/images-lock.ts";
import { readTasks, selectTasks } from "../benchmark/tasks.ts";
import { engineAt } from "../provision/engine/client.ts";
import { ImagePulls } from "../provision/engine/image-pulls.ts";
import { startRehearsal } from "../rehearsal/rehearsal.ts";
import { Lab } from "../tests/integration/lab.ts";
import { median } from "./measure.ts";

const runs = Number(process.argv[2] ?? 3);
const numbers = [1, 2, 3, 4, 6, 8, 16, 26];
const lab = new Lab();

try {
  await startRehearsal(lab.rehearsal, console.error, { payloadBytes: 40_000_000 });
  const { images } = readImagesLock(lab.rehearsal.imagesLock);
  const { tasks } = selectTasks(readTasks(), "lite", []);
  const seconds = new Map<number, number[]>(numbers.map((atOnce) => [atOnce, []]));
  for (let run = 0; run < runs; run++) {
    for (const atOnce of numbers) {
      await lab.removeImages();
      const settings = { mirror: "", stallSeconds: 60, atOnce };
      const pulls = new ImagePulls(engineAt(lab.rehearsal.dockerHost), settings, { follow() {}, say() {} });
      const started = performance.now();
      await Promise.all(tasks.map(({ image }) => pulls.ensure({ reference: image, locked: images[image] })));
      seconds.get(atOnce)?.push((performance.now() - started) / 1000);
    }
  }
  for (const [atOnce, times] of seconds) console.log(`${atOnce} at once: ${median(times).toFixed(1)} s`);
} finally {
  await lab.close();
}
