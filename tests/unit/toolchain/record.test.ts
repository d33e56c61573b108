import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadRecord, recordFile, saveRecord } from "../../../toolchain/record.ts";
import type { ToolchainSettings } from "../../../toolchain/variables.ts";

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
    projectDir: join(dir, "project"),
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
  saveRecord(file, settings, found, { files: [piece, join(dir, "absent")], closedNetwork });
  return file;
}

const load = (file: string, now?: number) => loadRecord(file, settings, now);

describe("a record", () => {
  test("gives back what was saved, for the PATH of today", () => {
    const file = save();
    expect(load(file)).toEqual({ pulumi: "/x/pulumi", env: { A: "b", PATH: `/x:${bin}` }, pieces: [] });
    expect(loadRecord(file, { ...settings, path: ["/y", "/x"] })?.env.PATH).toBe("/x:/y");
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

  test("of a closed network ends after a day, unless the user asked for it, or the reader takes any age", () => {
    const file = save(true);
    const fresh = load(file, Date.now());
    expect(fresh).toBeDefined();
    expect(load(file, Date.now() + 23 * HOUR)).toEqual(fresh);
    expect(load(file, Date.now() + 25 * HOUR)).toBeUndefined();
    expect(load(file)).toEqual(fresh);
    settings = { ...settings, mode: "closed-network" };
    expect(load(save(true), Date.now() + 1000 * HOUR)).toEqual(fresh);
  });

  test("of an official installation does not end by itself", () => {
    const file = save();
    expect(load(file, Date.now() + 1000 * HOUR)).toEqual(load(file));
  });

  test("belongs to one mode", () => {
    expect(recordFile({ ...settings, mode: "official" })).not.toBe(recordFile(settings));
  });

  test("holds for the project that was moved and for another checkout, with their folder, while what they have in them is the same", () => {
    const inProject = (...names: string[]) => join(settings.projectDir, ...names);
    mkdirSync(inProject("node_modules"), { recursive: true });
    writeFileSync(inProject("node_modules", "package.json"), "1");
    const node = { name: "node", version: "24", from: inProject("node_modules", "node") };
    const file = recordFile(settings);
    saveRecord(
      file,
      settings,
      { ...found, front: [inProject("node_modules")], pieces: [node] },
      {
        files: [piece, inProject("node_modules", "package.json"), inProject("absent")],
        closedNetwork: false,
      },
    );
    const other = { ...settings, projectDir: join(dir, "other") };
    cpSync(settings.projectDir, other.projectDir, { recursive: true });
    rmSync(settings.projectDir, { recursive: true });
    expect(recordFile(other)).toBe(file);
    expect(loadRecord(file, other)).toEqual({
      pulumi: "/x/pulumi",
      env: { A: "b", PATH: `${join(dir, "other", "node_modules")}:${bin}` },
      pieces: [{ ...node, from: join(dir, "other", "node_modules", "node") }],
    });
    expect(load(file)).toBeUndefined();
    writeFileSync(join(other.projectDir, "node_modules", "package.json"), "2");
    expect(loadRecord(file, other)).toBeUndefined();
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
