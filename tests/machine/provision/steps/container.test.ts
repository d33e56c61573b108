import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../../../lib/run.ts";

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
    echo "$*" > "$ENGINE/options"
    while [ "$1" != --name ]; do shift; done
    echo "$2" >> "$ENGINE/names"
    [ -e "$ENGINE/containers/$2" ] && { echo taken >&2; exit 125; }
    echo "$PPID" > "$ENGINE/asked"
    (trap "" TERM; sleep 0.5; echo "$2" > "$ENGINE/containers/$2"; touch "$ENGINE/made" "$ENGINE/made-$2") > /dev/null 2>&1 &
    until [ -e "$ENGINE/made-$2" ]; do sleep 0.02; done
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

/** Runs a probe in a process group of its own, as the command plugin does. */
async function probe(timeoutSeconds: number) {
  const { code, stderr } = await run(process.execPath, ["provision/main.ts", "probe", "make"], {
    cwd: resolve(import.meta.dirname, "../../../.."),
    ownSession: true,
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      ENGINE: folder,
      REQUEST: JSON.stringify({
        owner: { stack: "lab-1" },
        image: "a/b:c",
        dockerHost: "unix:///nowhere/docker.sock",
        container: "probe-of-a-test",
        baseCommit: "0".repeat(40),
        timeoutSeconds,
      }),
    },
  });
  return { code, said: stderr };
}

/** The process that has asked for a container; undefined before. */
function asker(): number | undefined {
  const file = join(folder, "asked");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) || undefined : undefined;
}

const isMade = () => existsSync(join(folder, "made"));
const containers = () => readdirSync(join(folder, "containers"));

test("a probe that is interrupted before its container is there leaves none", async () => {
  const ended = probe(60);
  await expect.poll(asker, { timeout: 10_000, interval: 10 }).toBeDefined();
  expect(isMade()).toBe(false);
  process.kill(-Number(asker()), "SIGTERM");
  const { code, said } = await ended;
  expect(said).toContain("it was interrupted");
  expect(code).toBe(1);
  await expect.poll(isMade, { timeout: 10_000 }).toBe(true);
  expect(containers()).toEqual([]);
});

test("a probe that reaches its time limit before its container is there leaves none", async () => {
  const { code, said } = await probe(0.2);
  expect(said).toContain("did not answer within 0.2 s and was removed");
  expect(code).toBe(1);
  await expect.poll(isMade, { timeout: 10_000 }).toBe(true);
  expect(containers()).toEqual([]);
});

test("two probes of one setting, as of two stacks of one name, have containers of their own", async () => {
  const both = await Promise.all([probe(0.2), probe(0.2)]);
  for (const { said } of both) expect(said).toContain("did not answer within 0.2 s and was removed");
  const asked = readFileSync(join(folder, "names"), "utf8").trim().split("\n");
  expect(asked).toHaveLength(2);
  expect(new Set(asked).size).toBe(2);
  for (const name of asked) expect(name).toMatch(/^probe-of-a-test-[0-9a-f]{12}$/);
  await expect.poll(containers, { timeout: 10_000 }).toEqual([]);
});

test("a container says whose it is and which process made it", async () => {
  await probe(0.2);
  expect(readFileSync(join(folder, "options"), "utf8")).toMatch(
    /--label cooperbench-machine\.stack-id=lab-1 --label cooperbench-machine\.maker=[0-9a-z]+-[0-9a-f]+-\d+-\d+-\d+ /,
  );
});
