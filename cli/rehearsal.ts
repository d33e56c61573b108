import type { RawConfiguration } from "../configuration.ts";
import {
  isReady,
  type Rehearsal,
  rehearsalAt,
  rehearsalPorts,
  startRehearsal,
  stopRehearsal,
} from "../rehearsal/rehearsal.ts";
import { readConfiguration, stacksWithSettings } from "./stack-file.ts";
import { report } from "./terminal.ts";

/** The rehearsal that a stack's configuration points at; undefined where it points at another engine. */
export function rehearsalOf(configuration: RawConfiguration): Rehearsal | undefined {
  const rehearsal = rehearsalAt();
  return configuration.dockerHost === rehearsal.dockerHost ? rehearsal : undefined;
}

/** Starts a rehearsal unless it is ready. */
export async function startIfNeeded(rehearsal: Rehearsal): Promise<void> {
  if (await isReady(rehearsal)) return;
  report(`this stack is a rehearsal: a private engine with stand-in images, in ${rehearsal.dir}`);
  await startRehearsal(rehearsal, report);
}

/** Takes a rehearsal down, unless another of the named stacks still points at it. */
export async function stopUnlessUsed(
  rehearsal: Rehearsal,
  projectDir: string,
  stacks: readonly string[],
): Promise<void> {
  const users = stacksWithSettings(projectDir).filter(
    (stack) => stacks.includes(stack) && rehearsalOf(readConfiguration(projectDir, stack)) !== undefined,
  );
  if (users.length === 0) await stopRehearsal(rehearsal, report);
  else report(`the rehearsal stays up, for ${users.join(", ")}; ./machine rehearsal stop takes it down`);
}

/** `./machine rehearsal start | stop | status`. */
export async function rehearsalCommand(verb: string): Promise<number> {
  const rehearsal = rehearsalAt();
  switch (verb) {
    case "start":
      await startIfNeeded(rehearsal);
      return 0;
    case "stop":
      await stopRehearsal(rehearsal, report);
      return 0;
    default: {
      const ready = await isReady(rehearsal);
      console.log(ready ? `ready: ${rehearsal.dockerHost}` : "not running");
      for (const line of await portLines(rehearsal)) console.log(line);
      return ready ? 0 : 1;
    }
  }
}

/** Where the rehearsal's network and this machine's loopback meet. */
async function portLines(rehearsal: Rehearsal): Promise<readonly string[]> {
  const { open, taken } = (await rehearsalPorts(rehearsal)) ?? { open: [], taken: [] };
  return [
    ...(open.length > 0 ? [`its ports on this machine's 127.0.0.1: ${open.join(", ")}`] : []),
    ...taken.flatMap((port) => [
      `127.0.0.1:${port} is taken on this machine: what listens there in the rehearsal is not reached`,
      `  Fix: stop what has it, which this shows: ss -ltnp 'sport = :${port}'`,
    ]),
  ];
}
