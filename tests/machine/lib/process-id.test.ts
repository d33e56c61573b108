import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import {
  isGone,
  type Place,
  type ProcessId,
  parseProcess,
  placeHere,
  showProcess,
  startIn,
  startOf,
  thisProcess,
} from "../../../lib/process-id.ts";

const here = placeHere() as Place;
const self = parseProcess(thisProcess()) as ProcessId;

test("a process is told in a form that fits a file's name, and read back", () => {
  expect(thisProcess()).toMatch(/^[0-9a-z]+-[0-9a-f]{12}-\d+-\d+-\d+$/);
  expect(self).toEqual({ ...here, pid: process.pid, start: startOf(process.pid) });
  expect(parseProcess(showProcess(self))).toEqual(self);
  for (const text of ["", "unknown", `${showProcess(self)}-1`, "1-2-3-4-5"])
    expect(parseProcess(text)).toBeUndefined();
});

test("a process is gone when it has ended, also while nobody has waited for it, and not before", async () => {
  // The shell never waits for what it has started.
  const shell = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const [line] = (await once(shell.stdout, "data")) as [Buffer];
    const pid = Number(line.toString().trim());
    const child = { ...here, pid, start: startOf(pid) ?? "" };
    expect(isGone(child)).toBe(false);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => isGone(child), { timeout: 5_000 }).toBe(true);
  } finally {
    shell.kill("SIGKILL");
  }
});

test("a number that another process has by now is that of one that is gone", () => {
  expect(isGone(self)).toBe(false);
  expect(isGone({ ...self, start: `${Number(self.start) + 1}` })).toBe(true);
});

test("after a boot all are gone; of another machine, another container or an unknown machine nothing is known", () => {
  const other = "0".repeat(12);
  const known = { ...here, machine: "1".repeat(12) };
  const process = { ...self, ...known };
  expect(isGone({ ...process, boot: other }, known)).toBe(true);
  expect(isGone({ ...process, machine: other, boot: other }, known)).toBe(false);
  expect(isGone({ ...process, namespace: "1", start: "1" }, known)).toBe(false);
  expect(isGone({ ...process, machine: "none", boot: other }, { ...known, machine: "none" })).toBe(false);
});

test("a program's name may hold brackets and blanks", () => {
  const fields = Array.from({ length: 18 }, (_, index) => String(index + 4));
  expect(startIn(`12 (a) S (b) S ${fields.join(" ")} 99`)).toBe("99");
  expect(startIn(`12 (a) Z ${fields.join(" ")} 99`)).toBeUndefined();
});
