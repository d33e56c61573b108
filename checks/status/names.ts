import { type Task, taskKey } from "../../benchmark/tasks.ts";

/** Names of the resources whose command is a proof. */
export const proofNames = {
  image: (task: Pick<Task, "repo" | "taskId">) => `${taskKey(task)}-probe`,
  oracle: (task: Pick<Task, "repo" | "taskId">) => `${taskKey(task)}-oracle`,
  checkout: "cooperbench-checkout",
  venv: "cooperbench-venv",
  cli: "cooperbench-verification",
  route: "route-proof",
  coop: "coop-verification",
} as const;
