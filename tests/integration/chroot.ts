import { readFileSync } from "node:fs";

/**
 * Whether this machine is a chroot of another: its root is no mount, or the mount of a folder (which on btrfs is a
 * subvolume's). An engine in one cannot enter its containers: docker exec lands in the root of the machine around it. So
 * nothing that CooperBench does by docker exec can be tried there.
 */
export const isChroot = !readFileSync("/proc/self/mountinfo", "utf8")
  .split("\n")
  .some((line) => {
    const [, , , folder, place] = line.split(" ");
    return place === "/" && (folder === "/" || line.includes(" - btrfs "));
  });
