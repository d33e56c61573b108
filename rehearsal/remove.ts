import { existsSync, readFileSync, rmSync } from "node:fs";
import { environmentFor } from "../lib/environment.ts";
import { Problem } from "../lib/problem.ts";
import { output } from "../lib/run.ts";
import { contentsFile } from "./contents.ts";
import { endEngine } from "./engine.ts";
import { checkIsRehearsal, removeFolder } from "./folder.ts";
import { withLock } from "./folder-lock.ts";
import type { Rehearsal } from "./rehearsal.ts";
import { asRoot, endProcesses } from "./stop.ts";

/** Does what `removeRehearsal` says. */
export async function remove(r: Rehearsal, report: (line: string) => void): Promise<void> {
  await withLock(r.dir, report, async () => {
    if (!existsSync(r.dir)) {
      report(`no rehearsal in ${r.dir}`);
      return;
    }
    if (process.getuid?.() !== 0)
      throw new Problem("the rehearsal runs as root, and only root can remove it", asRoot("remove", r.dir));
    checkIsRehearsal(r.dir);
    const began = Date.now();
    // From here on nobody takes it for a ready one.
    rmSync(contentsFile(r.dir), { force: true });
    await endProcesses(r.dir, endEngine);
    for (const mount of mountsBelow(r.dir))
      await output("umount", ["-l", mount], { env: environmentFor("program") });
    // Removing through a mount would remove what is mounted.
    const left = mountsBelow(r.dir);
    if (left.length > 0)
      throw new Problem(`${r.dir} was not removed: ${left.join(", ")} cannot be unmounted`, {
        command: ["sudo", "umount", ...left],
        when: "then remove it again",
      });
    const others = removeFolder(r.dir);
    const removed =
      others.length === 0
        ? `${r.dir} removed`
        : `what it made was removed; ${r.dir} stays: it has files that no rehearsal made (${others.join(", ")})`;
    report(`rehearsal ended, and ${removed} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  });
}

/** Mounts in the folder, the innermost first. */
function mountsBelow(dir: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .map((path) =>
      path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((path) => path.startsWith(`${dir}/`))
    .sort((a, b) => b.length - a.length);
}
