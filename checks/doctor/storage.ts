import type { EngineInfo } from "../../provision/engine/ask.ts";
import { type Finding, ok, warning } from "../finding.ts";
import { daemonFile } from "./downloads.ts";

const slow = "every layer is a full copy of all below it, so images need many times their size";
const deprecated = "Docker has deprecated it, and newer engines do not have it";

/** Storage drivers that are not to be relied on, and why. */
const poor: Readonly<Record<string, string>> = { vfs: slow, aufs: deprecated, devicemapper: deprecated };

/** Whether the engine's storage driver suits images of this size. */
export function storageFinding(info: EngineInfo): Finding {
  const { Driver, DriverStatus } = info;
  const below = DriverStatus?.find(([name]) => name === "Backing Filesystem")?.[1];
  const found = `storage driver ${Driver}${below === undefined ? "" : ` on ${below}`}`;
  const why = poor[Driver];
  if (why === undefined) return ok("storage", found);
  return warning("storage", `${found}: ${why}`, {
    advice: `set "storage-driver": "overlay2" in ${daemonFile(info)} and restart Docker; images are then pulled again (if overlay2 fails, move data-root to ext4, or to xfs with ftype=1)`,
  });
}
