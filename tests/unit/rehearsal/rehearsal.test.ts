import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkSocketLength } from "../../../rehearsal/engine.ts";
import { checkIsRehearsal, claimFolder, removeFolder } from "../../../rehearsal/folder.ts";
import {
  checkFolder,
  isReady,
  rehearsalAt,
  rehearsalEnv,
  removeRehearsal,
} from "../../../rehearsal/rehearsal.ts";
import { CLIENT_MARK, machinePath } from "../../../rehearsal/tools.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("rehearsal-");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("places", () => {
  test("default to /var/lib/cooperbench-rehearsal", () => {
    vi.stubEnv("COOPERBENCH_REHEARSAL_DIR", undefined);
    const r = rehearsalAt();
    expect({ ...r }).toMatchObject({
      dir: "/var/lib/cooperbench-rehearsal",
      dockerHost: "unix:///var/lib/cooperbench-rehearsal/docker.sock",
      sourceRepository: "file:///var/lib/cooperbench-rehearsal/CooperBench.git",
      imagesLock: "/var/lib/cooperbench-rehearsal/images.lock.json",
    });
  });

  test("follow the variable, and an argument before it", () => {
    vi.stubEnv("COOPERBENCH_REHEARSAL_DIR", "/x/y");
    expect(rehearsalAt().dir).toBe("/x/y");
    expect(rehearsalAt("/z").dir).toBe("/z");
  });

  test("know the registry's URL from the first start on", () => {
    expect(rehearsalAt(folder).registryUrl()).toBeUndefined();
    writeFileSync(join(folder, "registry.port"), "5000\n");
    expect(rehearsalAt(folder).registryUrl()).toBe("http://127.0.0.1:5000");
  });

  test("know the port that is kept for a Redis, and take nothing else for one", () => {
    const r = rehearsalAt(folder);
    expect(r.redisPort()).toBeUndefined();
    writeFileSync(r.redisPortFile, "23456\n");
    expect(r.redisPort()).toBe(23_456);
    for (const damaged of ["", "0", "65536", "port"]) {
      writeFileSync(r.redisPortFile, damaged);
      expect(r.redisPort()).toBeUndefined();
    }
  });

  test("are not ready while nothing is there", async () => {
    expect(await isReady(rehearsalAt(folder))).toBe(false);
  });

  test("give a PATH only where the rehearsal made a client, once, after the machine's own", () => {
    vi.stubEnv("PATH", "/usr/bin");
    expect(rehearsalEnv(rehearsalAt(folder))).toEqual({});
    mkdirSync(join(folder, "bin"));
    symlinkSync("/bin/true", join(folder, "bin", "docker"));
    expect(rehearsalEnv(rehearsalAt(folder))).toEqual({ PATH: `/usr/bin:${folder}/bin` });
    vi.stubEnv("PATH", `/usr/bin:${folder}/bin`);
    expect(rehearsalEnv(rehearsalAt(folder))).toEqual({});
  });
});

describe("a folder", () => {
  test("of the kernel's is refused at once, where Node.js would try to make it for ever", async () => {
    await expect(checkFolder(rehearsalAt("/proc/x"))).rejects.toThrow(/folder of the kernel, .*\nFix: /);
  });

  test("with a user's files is neither taken nor removed", async () => {
    writeFileSync(join(folder, "thesis"), "");
    expect(() => claimFolder(folder)).toThrow(
      /holds files that no rehearsal made[\s\S]*COOPERBENCH_REHEARSAL_DIR/,
    );
    await expect(removeRehearsal(rehearsalAt(folder), () => {})).rejects.toThrow(/is left as it is/);
  });

  test("that was claimed goes with all it holds", () => {
    const own = join(folder, "own");
    claimFolder(own);
    writeFileSync(join(own, "data"), "");
    checkIsRehearsal(own);
    removeFolder(own);
    expect(() => checkIsRehearsal(own)).toThrow(/ENOENT/);
  });

  test("may be as long as the engine's sockets allow, and not a byte longer", () => {
    expect(() => checkSocketLength(`/${"x".repeat(65)}`)).not.toThrow();
    expect(() => checkSocketLength(`/${"x".repeat(66)}`)).toThrow(/67 bytes; at most 66[\s\S]*shorter path/);
  });
});

test("a folder with a rehearsal's link to its client is no place of the machine's own programs", () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  expect(machinePath(`${bin}:/elsewhere`)).toMatch(`${bin}:/elsewhere:`);
  writeFileSync(join(bin, CLIENT_MARK), "");
  expect(machinePath(`${bin}:/elsewhere`)).toMatch(/^\/elsewhere:/);
});
