/** What helps in more than one place of a checkout, its environment and its images. */

import { newestVersion } from "../benchmark/known-faults.ts";
import { machine, type Remedies, type Remedy } from "../lib/remedy.ts";
import { dockerAt } from "./engine/docker-command.ts";

/** Gives a stack's checkout another place. */
export function otherFolder(stack = "STACK"): Remedy {
  return { ...machine("set", stack, "cooperbenchDir", "FOLDER"), when: "to use another folder" };
}

/** Restores files of a checkout, as its commit has them. */
export function restored(checkout: string, ...paths: readonly string[]): Remedy {
  return { command: ["git", "-C", checkout, "checkout", "HEAD", "--", ...paths] };
}

/** Has the next update make a checkout's environment. */
export function newEnvironment(checkout: string): Remedy {
  return { advice: `move ${checkout}/.venv away, then run the update again, which makes another` };
}

/** Has the next update pull an image. */
export function pullAgain(image: string, dockerHost: string): Remedy {
  return { command: dockerAt(dockerHost, "rmi", image), when: "to have the next update pull it again" };
}

/** Looks what a service says, or has the next update make another. */
export function logsFirst(dockerHost: string, container: string): Remedies {
  return [
    { command: dockerAt(dockerHost, "logs", container), when: "to see what it says" },
    { advice: "run the update again: it makes a new one if this one does not run" },
  ];
}

/** Uses a version of CooperBench that is known. */
export const otherVersion: Remedy = {
  ...machine("set", "STACK", "cooperbenchVersion", newestVersion),
  when: "to use a version whose agent is known",
};
