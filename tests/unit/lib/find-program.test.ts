import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { findAllOnPath, findOnPath } from "../../../lib/find-program.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let dir: string;
beforeEach(() => {
  dir = temporaryFolder("find-");
});

test("folders of a PATH that cannot be looked into are passed over", () => {
  const [closed, loop, long, open] = ["closed", "loop", "x".repeat(300), "open"].map((name) =>
    join(dir, name),
  );
  for (const folder of [closed, open]) {
    mkdirSync(folder ?? "");
    writeFileSync(join(folder ?? "", "uv"), "", { mode: 0o755 });
  }
  symlinkSync("loop", loop ?? "");
  chmodSync(dir, 0o755);
  chmodSync(closed ?? "", 0o600);
  const path = [
    closed ?? "",
    loop ?? "",
    long ?? "",
    join(dir, "absent"),
    join(dir, "open", "uv"),
    open ?? "",
  ];
  // Root may look into any folder.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    expect(findAllOnPath("uv", path)).toEqual([join(dir, "open", "uv")]);
    expect(findOnPath("uv", path)).toBe(join(dir, "open", "uv"));
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
