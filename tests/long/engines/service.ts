import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { COMMITS, MARK } from "../../../benchmark/stand-ins.ts";
import { multiarch } from "../../../rehearsal/debian-packages.ts";
import { answersOk } from "../../../rehearsal/http.ts";
import type { Rehearsal } from "../../../rehearsal/rehearsal.ts";

/** An engine of a test's own. */
export interface OtherEngine {
  /** As in DOCKER_HOST. */
  readonly dockerHost: string;
  end(): Promise<void>;
}

/** The libraries of packages that are unpacked in a folder. */
export function librariesIn(root: string): string {
  return [`usr/lib/${multiarch}`, `lib/${multiarch}`].map((name) => join(root, name)).join(":");
}

/** Starts an engine in a folder, whose images are the stand-ins of a rehearsal, and waits until it answers. */
export async function startOtherEngine(
  folder: string,
  rehearsal: Rehearsal,
  [file = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<OtherEngine> {
  for (const name of [MARK, COMMITS]) symlinkSync(join(rehearsal.dir, name), join(folder, name));
  const socketPath = join(folder, "engine.sock");
  const service = spawn(file, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  service.stderr.on("data", (text) => {
    said = (said + text).slice(-5000);
  });
  const ended = once(service, "exit");
  const end = async () => {
    service.kill();
    await ended;
  };
  const limit = AbortSignal.timeout(60_000);
  while (!(await answersOk({ socketPath, path: "/_ping", timeoutMs: 1000 }))) {
    if (service.exitCode !== null) throw new Error(`it ended: ${said}`);
    if (limit.aborted) throw await end().then(() => new Error(`it did not answer in 60 s: ${said}`));
    await setTimeout(50);
  }
  return { dockerHost: `unix://${socketPath}`, end };
}
