import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

/**
 * A docker whose engine makes a container some time after it was asked to, whether its client is still there or not,
 * and whose container runs until it is removed. A container is a file, whose text is the value of its label.
 */
const docker = `#!/bin/sh
name() { for last; do :; done; echo "$last"; }
case $1 in
  image) exit 1 ;;
  container) cat "$ENGINE/containers/$(name "$@")" ;;
  rm) rm "$ENGINE/containers/$(name "$@")" ;;
  run)
    while [ "$1" != --name ]; do shift; done
    [ -e "$ENGINE/containers/$2" ] && { echo 'The name is already in use by container "x"' >&2; exit 125; }
    touch "$ENGINE/asked"
    (trap "" TERM; sleep 0.5; echo "$2" > "$ENGINE/containers/$2"; touch "$ENGINE/made") > /dev/null 2>&1 &
    until [ -e "$ENGINE/made" ]; do sleep 0.02; done
    while [ -e "$ENGINE/containers/$2" ]; do sleep 0.02; done
    exit 137 ;;
esac
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "container-"));
  mkdirSync(join(folder, "containers"));
  writeFileSync(join(folder, "docker"), docker);
  chmodSync(join(folder, "docker"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a probe in a process group of its own, as the command plugin does. */
function startProbe(timeoutSeconds: number) {
  const child = spawn(process.execPath, ["provision/main.ts", "probe", "a/b:c"], {
    cwd: resolve(import.meta.dirname, "../../.."),
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      ENGINE: folder,
      CONTAINER: "probe-of-a-test",
      BASE_COMMIT: "0".repeat(40),
      TIMEOUT_SECONDS: String(timeoutSeconds),
    },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const ended = new Promise<{ code: number | null; said: string }>((done) =>
    child.on("close", (code) => done({ code, said })),
  );
  return { group: -(child.pid as number), ended };
}

const isMade = () => existsSync(join(folder, "made"));
const containers = () => readdirSync(join(folder, "containers"));

test("a probe that is interrupted before its container is there leaves none", async () => {
  const { group, ended } = startProbe(60);
  await expect.poll(() => existsSync(join(folder, "asked")), { timeout: 10_000, interval: 10 }).toBe(true);
  expect(isMade()).toBe(false);
  process.kill(group, "SIGTERM");
  const { code, said } = await ended;
  expect(said).toContain("it was interrupted");
  expect(code).toBe(1);
  await expect.poll(isMade, { timeout: 10_000 }).toBe(true);
  expect(containers()).toEqual([]);
});

test("a probe that reaches its time limit before its container is there leaves none", async () => {
  const { ended } = startProbe(0.2);
  const { code, said } = await ended;
  expect(said).toContain("did not answer within 0.2 s and was removed");
  expect(code).toBe(1);
  await expect.poll(isMade, { timeout: 10_000 }).toBe(true);
  expect(containers()).toEqual([]);
});

test("a container of another's that has the name is left", async () => {
  writeFileSync(join(folder, "containers", "probe-of-a-test"), "<no value>");
  const { code, said } = await startProbe(60).ended;
  expect(said).toContain("already in use");
  expect(code).toBe(1);
  expect(containers()).toEqual(["probe-of-a-test"]);
});

test("a leftover of its own is replaced", async () => {
  writeFileSync(join(folder, "containers", "probe-of-a-test"), "probe-of-a-test\n");
  const { code, said } = await startProbe(0.2).ended;
  expect(said).toContain("did not answer within 0.2 s and was removed");
  expect(code).toBe(1);
  expect(isMade()).toBe(true);
  expect(containers()).toEqual([]);
});
