import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { contentsFile, fingerprint, readContents } from "./contents.ts";
import { checkSocketLength, endEngine, startEngine } from "./engine.ts";
import { type EngineName, engineOf, keepEngine } from "./engine-choice.ts";
import { fillRegistry } from "./fill.ts";
import { checkPlace, claimFolder } from "./folder.ts";
import { withLock } from "./folder-lock.ts";
import { isHeld, startNetwork } from "./network.ts";
import { answersInFull } from "./ready.ts";
import { keepRedisPort } from "./redis-port.ts";
import { endRegistry, startRegistry } from "./registry.ts";
import type { Rehearsal, StartOptions } from "./rehearsal.ts";
import { serviceImages } from "./service-images.ts";
import { makeSource } from "./source.ts";
import { readTasks } from "./tasks.ts";
import { findTools, linkClient, type Tools } from "./tools.ts";

/** Does what `startRehearsal` says. */
export async function start(
  r: Rehearsal,
  report: (line: string) => void,
  options: StartOptions,
): Promise<void> {
  if (process.platform !== "linux")
    throw new Problem(`the rehearsal needs Linux, and this is ${process.platform}`, {
      ...machine("new", "NAME"),
      when: "to make a stack that uses the machine's own engine",
    });
  if (process.getuid?.() !== 0)
    throw new Problem("the rehearsal starts a private Docker engine, which needs root", {
      advice: "run the command with sudo",
    });
  checkPlace(r.dir);
  checkSocketLength(r.dir);
  await withLock(r.dir, report, async () => {
    const engine = engineOf(r.dir);
    const recorded = readContents(r.dir);
    const payloadBytes = options.payloadBytes ?? recorded?.payloadBytes ?? 0;
    // Another process may have done everything while this one waited for the lock.
    if (recorded?.payloadBytes === payloadBytes && (await answersInFull(r))) return;
    await makeComplete(r, report, engine, payloadBytes);
  });
}

async function makeComplete(
  r: Rehearsal,
  report: (line: string) => void,
  engineName: EngineName,
  payloadBytes: number,
): Promise<void> {
  claimFolder(r.dir);
  keepEngine(r.dir, engineName);
  const before = readContents(r.dir);
  const now = { fingerprint: fingerprint(), payloadBytes };
  const trustLock = before?.fingerprint === now.fingerprint && before.payloadBytes === payloadBytes;
  if (!trustLock) rmSync(contentsFile(r.dir), { force: true });

  // What a killed start was working on.
  rmSync(join(r.dir, "tmp"), { recursive: true, force: true });
  const tools = await findTools(report, engineName);
  linkClient(r.dir, tools);
  const source = timed(
    report,
    () => makeSource(r.dir, report),
    (made) => (made ? "CooperBench source made" : "CooperBench source found"),
  );
  const services = async () => {
    await timed(
      report,
      () => network(r.dir, tools),
      () => "a network of its own",
    );
    await keepRedisPort(r);
    const port = await timed(
      report,
      () => startRegistry(r.dir, tools),
      (p) => `registry answers on 127.0.0.1:${p}`,
    );
    const engine = timed(
      report,
      () => startEngine(r.dir, port, tools),
      () => `engine answers on ${r.dockerHost}`,
    );
    const tasks = readTasks();
    const services = serviceImages(tools);
    const fill = timed(
      report,
      () =>
        fillRegistry({
          registryUrl: `http://127.0.0.1:${port}`,
          dir: r.dir,
          lockFile: r.imagesLock,
          tasks,
          services,
          tools,
          payloadBytes,
          workFolder: join(r.dir, "tmp"),
          trustLock,
        }),
      (made) => `${tasks.length + services.length} stand-in images in the registry (${made} made)`,
    );
    await settle([engine, fill]);
  };
  await settle([source, services()]);
  writeWhole(contentsFile(r.dir), `${JSON.stringify(now)}\n`);
}

/** What lives in a network that nobody holds, or in the machine's as an older rehearsal does, is ended before. */
async function network(dir: string, tools: Tools): Promise<void> {
  if (!(await isHeld(dir))) {
    await endEngine(dir);
    await endRegistry(dir);
  }
  await startNetwork(dir, tools);
}

/** Waits for all, and only then fails: no step goes on behind the back of whoever saw the error. */
async function settle(steps: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(steps);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Runs a step and reports what it did and how long it took. */
async function timed<T>(
  report: (line: string) => void,
  step: () => Promise<T>,
  say: (result: T) => string,
): Promise<T> {
  const began = Date.now();
  const result = await step();
  report(`${say(result)} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return result;
}
