import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { expect, test } from "vitest";
import { endOrphans } from "../../../cli/orphans.ts";
import { runVariable } from "../../../cli/recorded-runs.ts";

/** A program of a run, in a session of its own as the steps of an update are. Gives it once it is there. */
async function started(run: string, script: string, name = "a-step") {
  const child = spawn("sh", ["-c", `${script}; echo there; while :; do sleep 0.05; done`, name], {
    env: { ...process.env, [runVariable]: run },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const ended = once(child, "close");
  await once(child.stdout, "data");
  return { child, ended };
}

test("what a gone run has left running is ended, politely first, and nothing of another run or of the user's", async () => {
  const [run, another] = [randomUUID(), randomUUID()];
  const polite = await started(run, "trap 'exit 3' TERM");
  const deaf = await started(run, "trap '' TERM");
  const other = await started(another, ":");
  const daemon = await started(run, ":", "git-credential-cache--daemon");
  try {
    // The two shells, and the sleep that each may have started just now.
    expect(await endOrphans(run, 500)).toBeGreaterThanOrEqual(2);
    expect(await polite.ended).toEqual([3, null]);
    expect(await deaf.ended).toEqual([null, "SIGKILL"]);
    for (const { child } of [other, daemon]) expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  } finally {
    for (const { child } of [polite, deaf, other, daemon]) child.kill("SIGKILL");
  }
});
