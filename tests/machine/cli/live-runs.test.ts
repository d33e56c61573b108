import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  asOnlyRun,
  assertNotGoing,
  isRunGoing,
  type LiveRun,
  liveRun,
  runInTheWay,
} from "../../../cli/live-runs.ts";
import { machine } from "../../../lib/remedy.ts";
import { writeMarker } from "../../../provision/ownership/marker.ts";
import { markerFile } from "../../../provision/steps/venv/marker.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

test("a run by a stack's environment is seen, in its settings' folder or in one that it made, and no other run is", async () => {
  const [mine, other] = [temporaryFolder("live-run-"), temporaryFolder("live-run-")];
  const place = { owner: { stack: "lab-1", id: "1" }, dockerHost: `unix://${mine}/none.sock` };
  for (const folder of [mine, other]) {
    mkdirSync(join(folder, ".venv/bin"), { recursive: true });
    symlinkSync("/bin/sleep", join(folder, ".venv/bin/cooperbench"));
  }
  const run = spawn(join(other, ".venv/bin/cooperbench"), ["60"], { stdio: "ignore" });
  try {
    expect(await liveRun({ ...place, folder: mine })).toBeUndefined();
    const found = { pids: [run.pid], folders: [other] };
    expect(await liveRun({ ...place, folder: other })).toEqual(found);
    // The settings have gone on to another folder, and the environment is there yet.
    writeMarker(markerFile(join(other, ".venv")), { ...place.owner, path: join(other, ".venv") });
    expect(await liveRun({ ...place, folder: mine })).toEqual(found);
    expect(await liveRun({ ...place, owner: { stack: "lab-1", id: "2" }, folder: mine })).toBeUndefined();
    expect(runInTheWay(found as LiveRun, "would lose it", machine("destroy", "lab-1")).message).toMatch(
      new RegExp(
        `process ${run.pid}.*Nothing was changed\\.\nFix: let it end\nFix: .*\n {2}kill ${run.pid}$`,
      ),
    );
  } finally {
    run.kill("SIGKILL");
  }
});

test("a run is seen that was started in part of a path, or as python alone, by what it has loaded", async () => {
  const folder = temporaryFolder("live-run-");
  const [bin, lib] = ["bin", "lib"].map((name) => join(folder, ".venv", name)) as [string, string];
  for (const of of [bin, lib]) mkdirSync(of, { recursive: true });
  const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
    encoding: "utf8",
  }).trim();
  symlinkSync(python, join(bin, "python"));
  const loaded = execFileSync("python3", ["-c", "import _ctypes; print(_ctypes.__file__)"], {
    encoding: "utf8",
  }).trim();
  copyFileSync(loaded, join(lib, "loaded.so"));
  const load = `import ctypes, time; ctypes.CDLL(${JSON.stringify(join(lib, "loaded.so"))}); print(flush=True); time.sleep(60)`;
  const place = { owner: { stack: "lab-1", id: "1" }, dockerHost: `unix://${folder}/none.sock`, folder };
  for (const [program, code] of [
    [".venv/bin/python", "import time; print(flush=True); time.sleep(60)"],
    [python, load],
  ] as const) {
    const run = spawn(program, ["-c", code, "-m", "cooperbench.cli"], {
      cwd: folder,
      argv0: program === python ? "python" : program,
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      await once(run.stdout, "data");
      expect(await liveRun(place)).toEqual({ pids: [run.pid], folders: [folder] });
    } finally {
      run.kill("SIGKILL");
    }
  }
});

test("a run by an environment in a place that cannot be looked into is none of the stack's", async () => {
  const folder = temporaryFolder("live-run-");
  const loop = join(folder, "loop");
  symlinkSync("loop", loop);
  const program = join(folder, "cooperbench");
  symlinkSync(process.execPath, program);
  const words = ["-e", "setTimeout(() => {}, 60_000)", "--", join(loop, ".venv/bin/cooperbench")];
  const run = spawn(program, words, { stdio: "ignore" });
  try {
    const place = { owner: { stack: "lab-1", id: "1" }, dockerHost: `unix://${folder}/none.sock` };
    await once(run, "spawn");
    expect(await liveRun({ ...place, folder })).toBeUndefined();
  } finally {
    run.kill("SIGKILL");
  }
});

test("a run is known to go on by its name and its checkout's environment", async () => {
  const [mine, other] = [temporaryFolder("live-run-"), temporaryFolder("live-run-")];
  for (const folder of [mine, other]) {
    mkdirSync(join(folder, ".venv/bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder, ".venv/bin/cooperbench"));
  }
  const args = ["-e", "setTimeout(() => {}, 60_000)", "--", "run", "-n", "night", "--setting", "solo"];
  const run = spawn(join(mine, ".venv/bin/cooperbench"), args, { stdio: "ignore" });
  try {
    expect(await isRunGoing("night", mine)).toBe(true);
    expect(await isRunGoing("day", mine)).toBe(false);
    expect(await isRunGoing("solo", mine)).toBe(false);
    expect(await isRunGoing("night", other)).toBe(false);
    const place = { stack: "lab-1", name: "night", folder: mine };
    await expect(assertNotGoing(place)).rejects.toThrow(goesOn);
    await assertNotGoing({ ...place, name: "day" });
  } finally {
    run.kill("SIGKILL");
  }
});

const goesOn =
  /a run named night goes on in .*, so none was started\nFix: .*:\n {2}\.\/machine plan lab-1 --check night --watch\n/;

test("a second command on a run that is about to start is refused at once, not made to wait", async () => {
  const folder = temporaryFolder("live-run-");
  mkdirSync(join(folder, "logs"));
  const place = { stack: "lab-1", name: "night", folder };
  await asOnlyRun(place, async () => {
    await expect(asOnlyRun(place, async () => {})).rejects.toThrow(goesOn);
    await asOnlyRun({ ...place, name: "day" }, async () => {});
  });
  expect(await asOnlyRun(place, async () => 5)).toBe(5);
});
