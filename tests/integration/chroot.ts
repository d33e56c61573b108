import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";

/**
 * Whether this machine is a chroot of another. An engine in one cannot enter its containers: docker exec lands in the root
 * of the machine around it. So nothing that CooperBench does by docker exec can be tried there. Entering the mount
 * namespace that this process is in shows its root.
 */
export const isChroot = rootOfNamespace() !== rootHere();

function rootOfNamespace(): string {
  const { stdout, status, error } = spawnSync(
    "nsenter",
    ["--mount=/proc/self/ns/mnt", "stat", "-c", "%d:%i", "/"],
    { encoding: "utf8" },
  );
  if (status !== 0) throw error ?? new Error("nsenter, of util-linux, does not enter this mount namespace");
  return stdout.trim();
}

function rootHere(): string {
  const { dev, ino } = statSync("/");
  return `${dev}:${ino}`;
}
