import type { LockedTask } from "../../benchmark/images-lock.ts";
import type { EngineInfo } from "../../provision/engine/ask.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";
import { count } from "../units.ts";

/** How images name what a kernel calls otherwise. */
const architectures: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** The engine's platform, as images name it: linux/amd64. */
export function platformOf({ OSType, Architecture }: EngineInfo): string {
  return `${OSType}/${architectures[Architecture] ?? Architecture}`;
}

/** Whether the engine's processor and system are those of the locked images. */
export function platformFinding(info: EngineInfo, tasks: readonly LockedTask[]): Finding {
  const engine = platformOf(info);
  const found = `the engine runs ${engine}`;
  if (info.OSType !== "linux") {
    return blocker("platform", `${found}, but the images are for Linux`, {
      advice: "switch Docker Desktop to Linux containers",
    });
  }
  const platforms = tasks.flatMap(({ locked }) => locked?.platform ?? []);
  // Variants, as of linux/arm64/v8, are not told by an engine.
  const others = platforms.filter((platform) => platform.split("/").slice(0, 2).join("/") !== engine);
  const [other = ""] = others;
  if (others.length > 0) {
    return warning(
      "platform",
      `${found}, and ${count(others.length, "image")} of ${platforms.length} ${others.length === 1 ? "is" : "are"} for ${[...new Set(others)].join(", ")}: they run slowly, by emulation, or not at all`,
      [
        {
          advice: `install emulation on the engine's machine, which Docker Desktop has (docker run --privileged --rm tonistiigi/binfmt --install ${other.split("/")[1]})`,
        },
        { advice: "use a machine of that platform" },
      ],
    );
  }
  return ok("platform", platforms.length > 0 ? `${found}, as the locked images` : found);
}
