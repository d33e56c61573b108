import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { backendEnv, isStateMade, stateEnv } from "../../../cli/backend.ts";
import { stackOf } from "../../../cli/named-stack.ts";
import { worksOn } from "../../../cli/plain-pulumi.ts";
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
