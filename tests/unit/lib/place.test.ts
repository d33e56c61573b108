import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { assertCanCache } from "../../../lib/cache-folder.ts";
import { realPlace } from "../../../lib/place.ts";
import { Problem } from "../../../lib/problem.ts";
import { cachedFolder } from "../../../toolchain/cache.ts";
import { asAnotherUser } from "../../as-another-user.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("place-");
  chmodSync(folder, 0o755);
});

test("a place is known by its links, as far as it is there", () => {
  mkdirSync(join(folder, "real"));
  symlinkSync("real", join(folder, "link"));
  expect(realPlace(join(folder, "link", "a", "b"))).toBe(join(folder, "real", "a", "b"));
});

test("what is no place is told with its path and the setting", async () => {
  symlinkSync("loop", join(folder, "loop"));
  mkdirSync(join(folder, "closed"), { mode: 0o700 });
  const told = /^(\S+) is no place on this machine: .*\n.*set STACK cooperbenchDir FOLDER$/ms;
  for (const path of [join(folder, "loop", "x"), join(folder, "n".repeat(300), "x")]) {
    expect(() => realPlace(path)).toThrow(Problem);
    expect(() => realPlace(path)).toThrow(told);
  }
  const closed = join(folder, "closed", "x");
  await expect(asAnotherUser(() => realPlace(closed))).rejects.toThrow(
    /\/closed\/x is no place .*user \d+'s/,
  );
});

test("a home that is not there, no folder, relative or another's is refused by name", async () => {
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "closed"), { mode: 0o700 });
  const refusal = (env: Record<string, string>) => asAnotherUser(async () => assertCanCache(env));
  await expect(refusal({ HOME: join(folder, "absent") })).rejects.toThrow(
    /^your HOME, .*absent, does not exist\nFix: /,
  );
  await expect(refusal({ HOME: join(folder, "file") })).rejects.toThrow(
    /^HOME is .*file, which is not a folder\n/,
  );
  await expect(refusal({ HOME: "home" })).rejects.toThrow(/^HOME is home, which is not absolute\n/);
  await expect(refusal({ HOME: join(folder, "closed", "x") })).rejects.toThrow(
    /closed cannot be read by you/,
  );
  await expect(refusal({ HOME: folder, XDG_CACHE_HOME: join(folder, "file") })).rejects.toThrow(
    /^XDG_CACHE_HOME is /,
  );
  await refusal({ HOME: folder, XDG_CACHE_HOME: "relative" });
  await refusal({ HOME: join(folder, "absent"), XDG_CACHE_HOME: join(folder, "new") });
});

test("a cache that cannot be made is told with what to set", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(
    cachedFolder(
      join(folder, "file", "cache", "uv"),
      () => {},
      async () => {},
    ),
  ).rejects.toThrow(
    /^the cache folder .*file\/cache cannot be made or written in \(ENOTDIR.*\nFix: .*\n +export XDG_CACHE_HOME=FOLDER/,
  );
});
