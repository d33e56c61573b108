import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadRecord, recordFile, saveRecord } from "../../../toolchain/record.ts";
import type { ToolchainSettings } from "../../../toolchain/settings.ts";

const HOUR = 3_600_000;
const toolchain = { pulumi: "/x/pulumi", env: { PATH: "/x" }, pieces: [] };
let dir: string;
let settings: ToolchainSettings;
let piece: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "record-"));
  const bin = join(dir, "bin");
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

function save(closedNetwork = false): string {
  const file = recordFile(settings);
  saveRecord(file, settings, { toolchain, files: [piece, join(dir, "absent")], closedNetwork });
  return file;
}

describe("a record", () => {
  test("gives back what was saved", () => {
    expect(loadRecord(save(), settings, Date.now())).toEqual(toolchain);
  });

  test("is none before one is saved, or when it was cut off", () => {
    expect(loadRecord(recordFile(settings), settings, Date.now())).toBeUndefined();
    const file = save();
    writeFileSync(file, '{"toolchain":');
    expect(loadRecord(file, settings, Date.now())).toBeUndefined();
  });

  test("ends when a file that it rests on changes, goes, or comes", () => {
    const file = save();
    writeFileSync(piece, "three");
    expect(loadRecord(file, settings, Date.now())).toBeUndefined();
    save();
    writeFileSync(join(dir, "absent"), "");
    expect(loadRecord(file, settings, Date.now())).toBeUndefined();
    save();
    rmSync(piece);
    expect(loadRecord(file, settings, Date.now())).toBeUndefined();
  });

  test("ends when the user installs a pulumi", () => {
    const file = save();
    const pulumi = join(dir, "bin", "pulumi");
    writeFileSync(pulumi, "");
    expect(loadRecord(file, settings, Date.now())).toEqual(toolchain);
    chmodSync(pulumi, 0o755);
    expect(loadRecord(file, settings, Date.now())).toBeUndefined();
  });

  test("of a closed network ends after a day, unless the user asked for it", () => {
    const file = save(true);
    expect(loadRecord(file, settings, Date.now() + 23 * HOUR)).toEqual(toolchain);
    expect(loadRecord(file, settings, Date.now() + 25 * HOUR)).toBeUndefined();
    settings = { ...settings, mode: "closed-network" };
    expect(loadRecord(save(true), settings, Date.now() + 1000 * HOUR)).toEqual(toolchain);
  });

  test("belongs to one checkout, mode and PATH", () => {
    const files = [settings, { ...settings, mode: "official" as const }, { ...settings, path: [] }].map(
      recordFile,
    );
    expect(new Set(files).size).toBe(3);
  });
});
