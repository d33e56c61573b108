import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readTasks, type Task, taskKey } from "../../../benchmark/tasks.ts";
import { backendEnv, isStateMade, stateEnv } from "../../../cli/backend.ts";
import { readEvents } from "../../../cli/events.ts";
import { stackOf } from "../../../cli/named-stack.ts";
import { worksOn } from "../../../cli/plain-pulumi.ts";
import { readyLine, summary } from "../../../cli/summary.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

test.each([
  [["up", "--stack", "dev"], {}, "dev"],
  [["up", "-s", "dev"], {}, "dev"],
  [["up", "--stack=dev"], { PULUMI_STACK: "lab" }, "dev"],
  [["up"], { PULUMI_STACK: "lab" }, "lab"],
  [["up"], {}, undefined],
])("pulumi %j with %j is on stack %s", (args, env, stack) => expect(stackOf(args, env)).toBe(stack));

test.each([
  ["up --yes", true],
  ["state delete --all --stack lab-1", true],
  ["--stack lab-1 stack rename lab-2", true],
  ["stack rm lab-1 --yes --force", true],
  ["stack import --file state.json", false],
  ["import --file resources.json", true],
  ["stack rm --help", false],
  ["stack output --json", false],
  ["config set subset flash", false],
])("pulumi %s works on what a stack has made, or its state knows of that: %s", (command, expected) =>
  expect(worksOn(command.split(" "))).toBe(expected),
);

describe("state and secrets", () => {
  let home: string;
  beforeEach(() => {
    home = temporaryFolder("backend-");
  });
  const env = (more: Record<string, string> = {}) => ({ XDG_DATA_HOME: home, PULUMI_HOME: home, ...more });

  test("are in the user's data folder, with a passphrase of mode 600 that stays the same", () => {
    const first = backendEnv("", env());
    const file = join(home, "cooperbench-machine", "passphrase");
    expect(first).toEqual({
      PULUMI_BACKEND_URL: `file://${home}/cooperbench-machine/state`,
      PULUMI_CONFIG_PASSPHRASE_FILE: file,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const made = statSync(file).mtimeMs;
    expect(backendEnv("", env())).toEqual(first);
    expect(statSync(file).mtimeMs).toBe(made);
  });

  test("are the user's own where one is set or logged in to", () => {
    expect(backendEnv("", env({ PULUMI_BACKEND_URL: "s3://b", PULUMI_CONFIG_PASSPHRASE: "" }))).toEqual({});
    writeFileSync(join(home, "credentials.json"), '{"current":"https://api.pulumi.com"}');
    expect(backendEnv("", env({ PULUMI_CONFIG_PASSPHRASE_FILE: "/p" }))).toEqual({});
    const elsewhere = {
      PULUMI_CREDENTIALS_PATH: home,
      PULUMI_HOME: "/none",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/p",
    };
    expect(backendEnv("", env(elsewhere))).toEqual({});
  });

  test("are not there before the data folder's are made; those of a backend of the user's own may be", () => {
    expect(isStateMade(env())).toBe(false);
    expect(isStateMade(env({ PULUMI_BACKEND_URL: "file:///none" }))).toBe(true);
    // As it is in this process, once the variables of a stack are set.
    const { PULUMI_BACKEND_URL = "" } = stateEnv(env());
    expect(isStateMade(env({ PULUMI_BACKEND_URL }))).toBe(false);
    backendEnv("", env());
    expect(isStateMade(env({ PULUMI_BACKEND_URL }))).toBe(true);
  });

  test("are unlocked by a stack's own passphrase file before the user's", () => {
    const own = backendEnv("/project/passphrase", env({ PULUMI_CONFIG_PASSPHRASE: "mine" }));
    expect(own).toMatchObject({
      PULUMI_CONFIG_PASSPHRASE: undefined,
      PULUMI_CONFIG_PASSPHRASE_FILE: "/project/passphrase",
    });
  });
});

describe("the summary of an update", () => {
  const tasks = readTasks().slice(0, 3);
  const step = (name: string, op: string, outputs = {}) => ({
    resOutputsEvent: {
      metadata: { op, urn: `urn:pulumi:dev::p::t$command:local:Command::${name}`, new: { outputs } },
    },
  });
  const probes = tasks.map((task) => `${taskKey(task)}-probe`);
  const of = (
    missing: readonly Task[],
    events: readonly object[],
    changes: Record<string, number>,
    smoked = tasks.slice(0, 0),
  ) =>
    summary(
      { stack: "dev", tasks, missing, smoked },
      readEvents(
        [...events, { summaryEvent: { resourceChanges: changes } }]
          .map((event) => JSON.stringify(event))
          .join("\n"),
      ),
    );

  test("of an event log that a kill has cut off, what is whole counts", () => {
    const [first = "", second] = probes.map((name) => JSON.stringify(step(name, "create")));
    for (const cut of ["", "{", `${second}`.slice(0, -1), "\0\0\0"])
      expect([...readEvents(`${first}\n${cut}`).ready.keys()]).toEqual([probes[0]]);
    expect(readEvents(`${first}\n${second}`).ready.size).toBe(2);
  });

  test("counts what was found and what was pulled, and tells where CooperBench is", () => {
    const outputs = { cooperbench: { version: "0.0.29", folder: "/srv/CooperBench" } };
    const events = [
      ...probes.map((name) => step(name, "create")),
      step("cooperbench-machine-dev", "create", outputs),
    ];
    expect(of(tasks.slice(1), events, { create: 9 })).toEqual({
      lines: ["3/3 images verified (1 found, 2 pulled)"],
      failures: {},
    });
    const log = readEvents(events.map((event) => JSON.stringify(event)).join("\n"));
    expect(readyLine("dev", log, [])).toBe("CooperBench 0.0.29 is ready in /srv/CooperBench");
    expect(readyLine("dev", log, [{ check: "route", found: "it has no proof" }])).toBe(
      "provisioned, not ready: route: it has no proof",
    );
  });

  test("counts the tasks that were proved by their gold patch", () => {
    const events = probes.map((name) => step(name, "same"));
    const oracle = step(`${taskKey(tasks[0] as Task)}-oracle`, "create");
    const told = of([], [...events, oracle], { create: 1 }, tasks.slice(0, 2));
    expect(told.lines[0]).toBe("1/2 gold patches pass their tests, which fail without");
  });

  test("says of an image that is not verified only why it is not", () => {
    const key = taskKey(tasks[0] as Task);
    const failed = (name: string) => ({
      diagnosticEvent: { urn: `urn:pulumi:dev::p::t::${name}`, severity: "error", message: `${name} failed` },
    });
    const events = [failed(`${key}-probe`), failed(`${key}-oracle`)];
    const { lines } = of([], events, { create: 1 }, tasks.slice(0, 1));
    expect(lines[0]).toBe(`failed: ${key}-probe: ${key}-probe failed`);
    expect(lines.filter((line) => line.startsWith("failed: "))).toHaveLength(1);
  });

  test("says that nothing changed", () => {
    const events = probes.map((name) => step(name, "same"));
    expect(of([], events, { same: 9 }).lines).toEqual([
      "3/3 images verified (3 found, 0 pulled); nothing changed",
    ]);
  });

  test("does not count a probe that was only refreshed, or that failed, and names its reason", () => {
    const [first = "", second = "", third = ""] = probes;
    const error = {
      diagnosticEvent: {
        urn: `urn:pulumi:dev::p::t::${third}`,
        severity: "error",
        message:
          '<{%reset%}>exit status 1: running "a/b:c":\na/b:c failed its probe: it has no /workspace/repo\n<{%reset%}>',
      },
    };
    const events = [
      step(first, "same"),
      step(second, "refresh"),
      step(third, "same"),
      { resOpFailedEvent: { metadata: { op: "create-replacement", urn: `urn:pulumi:dev::p::t::${third}` } } },
      error,
    ];
    expect(of([], events, { same: 9 })).toEqual({
      lines: [
        `failed: ${third}: a/b:c failed its probe: it has no /workspace/repo`,
        "1/3 images verified (1 found, 0 pulled)",
      ],
      failures: { [third]: "a/b:c failed its probe: it has no /workspace/repo" },
    });
  });

  test("says that a command without a word was interrupted", () => {
    const urn = "urn:pulumi:dev::p::t::probe";
    const error = {
      diagnosticEvent: { urn, severity: "error", message: 'signal: killed: running "a/b:c":\n' },
    };
    expect(of([], [error], {}).lines[0]).toBe("failed: probe: it was interrupted");
  });
});
