/** What helps where a machine has spoilt a result, for agents and evaluations alike. */
import { machine, type Remedies, type Remedy } from "../lib/remedy.ts";

export const fewerPairs: Remedy = { advice: "run fewer pairs at once (-c)" };

export const fewerEvaluations: Remedy = { advice: "evaluate fewer pairs at once (--eval-concurrency)" };

export const lookAtKernel: Remedy = {
  command: ["dmesg"],
  when: "to see whether memory ran out, a disk failed, or the engine was restarted",
};

export const freeDisk: Remedies = [
  { command: ["docker", "system", "df"], when: "to see what uses the disk" },
  { command: ["docker", "image", "prune"], when: "to remove the images without a name" },
];

export const pullMissing: Remedies = [
  { ...machine("verify", "STACK"), when: "to find the image" },
  { ...machine("up", "STACK"), when: "to pull it" },
];

export const pullAgain: Remedies = [
  { ...machine("verify", "STACK"), when: "to find the image" },
  { advice: "pull that image again" },
];
