import type { StatusCheck } from "../checks/status/checks.ts";
import type { ImageStatus } from "../checks/status/images.ts";
import type { MachineStatus } from "../checks/status/status.ts";

const at = "2026-01-02T03:04:05Z";

/** An image that is well, and what is other than that. */
export function imageOf(task: string, other: Partial<ImageStatus> = {}): ImageStatus {
  return {
    ...{ task, reference: `registry/${task.replace("/", ":")}`, state: "proved", isLocked: true },
    ...{
      sizeBytes: 7,
      provedAt: at,
      digest: `registry@sha256:${"d".repeat(64)}`,
      baseCommit: "b".repeat(40),
    },
    ...{ platform: "linux/amd64", runner: { isDatasets: true, id: "r" }, isOracleWanted: false },
    ...other,
  };
}

/** Checks that are well, with others in their places. */
export function checksOf(...others: readonly StatusCheck[]): readonly StatusCheck[] {
  const well = ["engine", "images", "cooperbench", "credentials", "route", "services", "oracle", "update"];
  return well.map(
    (check) =>
      others.find((other) => other.check === check) ?? {
        check,
        level: "ok",
        found: `${check} is well`,
        remedies: [],
        provedAt: at,
      },
  );
}

/** The status of a machine that is ready, and what is other than that. */
export function machineStatusOf(other: Partial<MachineStatus> = {}): MachineStatus {
  const checks = other.checks ?? checksOf();
  return {
    ...{
      stack: "lab-1",
      at,
      isRehearsal: false,
      checks,
      isReady: checks.every(({ level }) => level !== "blocker"),
    },
    images: [imageOf("a_task/1"), imageOf("a_task/2")],
    ...{ commands: [], changedSources: [], dockerHost: "unix:///d", model: "a/model" },
    machine: { name: "m", system: "s", kernel: "k", cores: 2, memoryBytes: 8e9 },
    versions: [{ name: "pulumi", version: "3", from: "its place" }],
    environment: { COHERE_API_KEY: "(secret)" },
    configuration: { subset: "lite" },
    ...other,
  };
}

/** An oracle that passed, and counts. */
export const passedOracle = {
  isCurrent: true,
  provedAt: "2026-01-03T00:00:00Z",
  feature: 1,
  goldSeconds: 1,
  controlSeconds: 1,
};
