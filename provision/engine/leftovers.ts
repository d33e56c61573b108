import { hasEnded } from "../../lib/process-id.ts";
import { identityLabel, makerLabel } from "../ownership/temporary.ts";
import { engineAt } from "./client.ts";

/** Milliseconds that an engine has for each question; what does not answer is told by whoever works with it. */
const ANSWER_MS = 10_000;

/**
 * Removes the temporary containers of a stack whose makers are gone. Those of a process that runs, of another stack, or
 * of another machine that uses this engine stay.
 *
 * @param stack as `stackIdentity` has it.
 * @returns the names of what was removed. An engine that does not answer has nothing.
 */
export async function removeLeftoverContainers(
  dockerHost: string,
  stack: string,
): Promise<readonly string[]> {
  const engine = engineAt(dockerHost, ANSWER_MS);
  const found = await engine.listContainers([makerLabel, `${identityLabel}=${stack}`]).catch(() => []);
  const left = found.filter(({ Labels }) => hasEnded(Labels[makerLabel]));
  const removed = await Promise.all(
    left.map(({ Id, Names }) =>
      engine
        .getContainer(Id)
        .remove({ withVolumes: true })
        .then(
          () => [(Names[0] ?? Id).replace(/^\//, "")],
          () => [], // it is being removed, by its own end or by another command
        ),
    ),
  );
  return removed.flat();
}
