import { chmodSync, cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { loadRecord, newestRecorded, recordFile, saveRecord } from "../../../toolchain/record.ts";
import type { ToolchainSettings } from "../../../toolchain/variables.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const HOUR = 3_600_000;
const found = { pulumi: "/x/pulumi", front: ["/x"], env: { A: "b" }, pieces: [] };
let dir: string;
let settings: ToolchainSettings;
let bin: string;
let piece: string;

beforeEach(() => {
  dir = temporaryFolder("record-");
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

function save(closedNetwork = false): string {
  const file = recordFile(settings);
  saveRecord(file, settings, found, { files: [piece, join(dir, "absent")], closedNetwork });
  return file;
}

const compiled = () => ({ NODE_COMPILE_CACHE: settings.compileCache });
const load = (file: string, now?: number) => loadRecord(file, settings, now);

describe("a record", () => {
  test("gives back what was saved, for the PATH of today", () => {
    const file = save();
    expect(load(file)).toEqual({
      pulumi: "/x/pulumi",
      env: { A: "b", ...compiled(), PATH: `/x:${bin}` },
      pieces: [],
    });
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
      env: { A: "b", ...compiled(), PATH: `${join(dir, "other", "node_modules")}:${bin}` },
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

  test("is the same wherever Node keeps compiled code, and says so to child processes", () => {
    const file = save();
    settings = { ...settings, compileCache: "/elsewhere" };
    expect(recordFile(settings)).toBe(file);
    expect(load(file)?.env.NODE_COMPILE_CACHE).toBe("/elsewhere");
  });
});

describe("the newest toolchain on record", () => {
  const program = (name: string) => {
    writeFileSync(join(bin, name), "", { mode: 0o755 });
    return join(bin, name);
  };

  test("is there to look with when PATH has one more program, with the login that is this user's", () => {
    save();
    program("uv");
    expect(loadRecord(recordFile(settings), settings)).toBeUndefined();
    expect(newestRecorded({ ...settings, credentialsPath: "/mine" })).toMatchObject({
      pulumi: "/x/pulumi",
      env: { A: "b", PULUMI_CREDENTIALS_PATH: "/mine" },
    });
  });

  test("is one whose files are as they were", () => {
    const older = save();
    utimesSync(older, 1000, 1000);
    const uv = program("uv");
    saveRecord(
      recordFile(settings),
      settings,
      { ...found, pulumi: "/new/pulumi" },
      { files: [uv], closedNetwork: false },
    );
    expect(newestRecorded(settings)?.pulumi).toBe("/new/pulumi");
    rmSync(uv);
    expect(newestRecorded(settings)?.pulumi).toBe("/x/pulumi");
    rmSync(piece);
    expect(newestRecorded(settings)).toBeUndefined();
  });

  test("is none where there is no record, or one of another form", () => {
    expect(newestRecorded(settings)).toBeUndefined();
    writeFileSync(save(), JSON.stringify({ stamps: {}, expires: null }));
    expect(newestRecorded(settings)).toBeUndefined();
  });
});
