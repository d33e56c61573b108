import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, relative } from "node:path";
import {
  formatImagesLock,
  type ImagesLock,
  isNoFile,
  nameAnotherLock,
  readImagesLock,
} from "../benchmark/images-lock.ts";
import { applyChanges, changeCounts, changeLines } from "../benchmark/lock-changes.ts";
import { readTasks } from "../benchmark/tasks.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import type { Caller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { printJson } from "./json.ts";
import { compareAll } from "./lock-comparison.ts";
import { lockTarget } from "./lock-target.ts";
import { type Registries, reach } from "./registries.ts";
import { startIfNeeded } from "./rehearsal.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";
import { whileTelling } from "./while-telling.ts";
import { writeFor } from "./write-out.ts";

/**
 * `./machine lock [STACK]`: asks the registry what the benchmark's images are, all of them, and writes the image lock
 * file. With `check` it only compares, by requests that cost nothing on Docker Hub. Gives the exit code: 1 where an
 * image failed, and with `check` where one is not as locked.
 */
export async function lock({ stack, check, platform, json }: Given["lock"], caller: Caller): Promise<number> {
  const { projectDir, output } = caller;
  const { file, endpoints, services, rehearsal } = await lockTarget(caller, stack);
  const again = machine("lock", ...(stack === undefined ? [] : [stack]));
  if (isNoFile(file))
    throw new Problem(
      `${file} is not a file, so that no image lock is written there`,
      nameAnotherLock(stack),
    );
  let before: ImagesLock | undefined;
  try {
    if (check || existsSync(file)) before = readImagesLock(file);
  } catch (error) {
    const { message } = error as Error;
    if (check) throw new Problem(message, again);
    if (rehearsal === undefined) renameSync(file, `${file}.damaged`);
    else rmSync(file);
    output.say(rehearsal === undefined ? `${message}; it is kept as ${file}.damaged` : message);
  }
  // That of stand-ins is made with them.
  if (before === undefined && rehearsal !== undefined) {
    await startIfNeeded(rehearsal, output);
    if (existsSync(file)) before = readImagesLock(file);
  }

  if (before?.ignored !== undefined) output.say(before.ignored);

  const changes = await whileTelling(output, "asking the registry", async (tell) => {
    const registries = await reach(endpoints);
    if (registries.reachable.length === 0) throw noRegistry(registries);
    const images = [...new Set([...readTasks().map((task) => task.image), ...services])];
    return compareAll(images, before, registries, { check, platform, tell });
  });

  const changed = changes.filter(({ kind }) => kind === "new" || kind === "moved").length;
  const failed = changes.filter(({ kind }) => kind === "failed").length;
  const write = !check && (changed > 0 || before?.ignored !== undefined);
  if (write) {
    mkdirSync(dirname(file), { recursive: true });
    writeFor("imagesLock", file, formatImagesLock(applyChanges(before ?? { images: {} }, changes)));
  }

  const place = file.startsWith(`${projectDir}/`) ? relative(projectDir, file) : file;
  const what = check ? "checked" : write ? "written" : "not changed";
  const isMoved = check && changed > 0;
  const isOk = failed === 0 && !isMoved;
  const verdict: Verdict = {
    outcome: isOk ? "done" : failed > 0 ? "failed" : "notReady",
    text: `${changeCounts(changes)}; ${what}: ${place}`,
    // What is not as it is locked, this locks.
    next: isOk ? (stack === undefined ? machine("list") : machine("up", stack)) : again,
  };
  if (json) {
    printJson(output, "lock", { file, isWritten: write, images: changes });
    return codeOf(verdict);
  }
  output.print(
    changeLines(changes)
      .map((line) => `${line}\n`)
      .join(""),
  );
  return conclude(output, verdict);
}

function noRegistry({ unreachable }: Registries): Problem {
  return new Problem(
    ["no registry answers, and nothing was written:", ...unreachable.map(({ found }) => `  ${found}`)].join(
      "\n",
    ),
    {
      advice: "run this where Docker Hub or the engine's mirror can be reached (HTTPS_PROXY names a proxy)",
    },
  );
}
