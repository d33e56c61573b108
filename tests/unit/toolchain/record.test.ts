import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadRecord, recordFile, saveRecord } from "../../../toolchain/record.ts";
import type { ToolchainSettings } from "../../../toolchain/settings.ts";

const HOUR = 3_600_000;
const found = { pulumi: "/x/pulumi", front: ["/x"], env: { A: "b" }, pieces: [] };
let dir: string;
let settings: ToolchainSettings;
let bin: string;
let piece: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "record-"));
  bin = join(dir, "bin");
  mkdirSync(bin);
  piece = join(dir, "piece");
  writeFileSync(piece, "one");
  settings = {
    projectDir: dir,
    mode: "auto",
    archives: undefined,
    cacheDir: join(dir, "cache"),
    path: [bin],
    userPulumiHome: join(dir, "home"),
    credentialsPath: join(dir, "home"),
    compileCache: join(dir, "compiled"),
  };
});

afterEach(() => rmSync(dir, { recursive: true }));

function save(expires = false): string {
  const file = recordFile(settings);
  saveRecord(file, found, { files: [piece, join(dir, "absent")], expires });
  return file;
}

const load = (file: string, now?: number) => loadRecord(file, settings.path, now);

describe("a record", () => {
  test("gives back what was saved, for the PATH of today", () => {
    const file = save();
    expect(load(file)).toEqual({ pulumi: "/x/pulumi", env: { A: "b", PATH: `/x:${bin}` }, pieces: [] });
    expect(loadRecord(file, ["/y", "/x"])?.env.PATH).toBe("/x:/y");
  });

  test("is none before one is saved, or when it was cut off", () => {
    expect(load(recordFile(settings))).toBeUndefined();
    const file = save();
    writeFileSync(file, '{"found":');
    expect(load(file)).toBeUndefined();
  });

  test("ends when a file that it rests on changes, goes, or comes", () => {
    const file = save();
    writeFileSync(piece, "three");
    expect(load(file)).toBeUndefined();
    save();
    writeFileSync(join(dir, "absent"), "");
    expect(load(file)).toBeUndefined();
    save();
    rmSync(piece);
    expect(load(file)).toBeUndefined();
  });

  test("of a closed network ends after a day, but for who asks whatever the time", () => {
    const file = save(true);
    const now = Date.now();
    expect(load(file, now + 23 * HOUR)).toBeDefined();
    expect(load(file, now + 25 * HOUR)).toBeUndefined();
    expect(load(file)).toBeDefined();
    expect(load(save(), now + 1000 * HOUR)).toBeDefined();
  });

  test("belongs to one checkout and mode", () => {
    const others = [settings, { ...settings, mode: "official" as const }, { ...settings, projectDir: "/y" }];
    expect(new Set(others.map(recordFile)).size).toBe(3);
  });

  test("is another when the user installs a pulumi, and the same when PATH has other folders", () => {
    const file = recordFile(settings);
    expect(recordFile({ ...settings, path: ["/y", bin] })).toBe(file);
    const pulumi = join(bin, "pulumi");
    writeFileSync(pulumi, "");
    expect(recordFile(settings)).toBe(file);
    chmodSync(pulumi, 0o755);
    expect(recordFile(settings)).not.toBe(file);
    expect(recordFile({ ...settings, path: [] })).toBe(file);
  });
});
