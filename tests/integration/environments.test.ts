/** Commands in shells with odd variables: what they do and say is the same as in a plain one. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab } from "./lab.ts";

const lab = new Lab();
let stack: string;

/** What changed the answers of some program, or ended it, before there was one place that says what each gets. */
const odd = () => ({
  FORCE_COLOR: "1",
  CLICOLOR_FORCE: "1",
  DOCKER_CONTEXT: "no-such-context",
  DOCKER_API_VERSION: "1.12",
  DOCKER_CONTENT_TRUST: "1",
  DOCKER_DEFAULT_PLATFORM: "linux/s390x",
  DOCKER_CONFIG: join(lab.folder, "docker"),
  UV_PYTHON: "3.1",
  UV_PROJECT_ENVIRONMENT: "/nowhere",
  VIRTUAL_ENV: "/nowhere",
  PYTHONPATH: "/nowhere",
  GIT_DIR: "/nowhere",
  GIT_CONFIG_COUNT: "2",
  GIT_CONFIG_KEY_0: "core.autocrlf",
  GIT_CONFIG_VALUE_0: "true",
  GIT_CONFIG_KEY_1: "status.showUntrackedFiles",
  GIT_CONFIG_VALUE_1: "no",
  LC_ALL: "de_DE.UTF-8",
  LANGUAGE: "de",
  PAGER: "false",
  GIT_PAGER: "false",
  CONFLICT: "of the user's",
  DIGEST: "of the user's",
});

/** Proxies that lead nowhere: nothing of these commands may ask them. */
const proxied = {
  http_proxy: "127.0.0.1:9",
  HTTPS_PROXY: "127.0.0.1:9",
  NO_PROXY: "10.0.0.0/8, 127.0.0.0/8 ,example.com",
};

beforeAll(async () => {
  stack = await lab.makeStack({ tasks: ["go_chi_task"] });
  mkdirSync(join(lab.folder, "docker"));
  writeFileSync(
    join(lab.folder, "docker", "config.json"),
    '{"credsStore": "gone", "currentContext": "gone"}',
  );
});
afterAll(() => lab.close());

const machine = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  lab.run("sh", ["-c", 'umask 077; exec ./machine "$@"', "sh", ...args], env);

test("a machine is made ready", async () => {
  const { code, stdout, stderr } = await machine(odd(), "up", stack);
  expect(stdout + stderr).toContain("3/3 images verified");
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).toMatch(/docker-credential-gone, which is not on PATH/);
});

describe.each([
  ["odd variables", odd],
  ["proxies", () => proxied],
  ["no home", () => ({ HOME: "" })],
])("with %s", (_, env) => {
  test.each([[["preview", "--expect-no-changes"]], [["status"]], [["verify"]], [["doctor"]]])(
    "%j does and says what it does in a plain shell",
    async ([command = "", ...options]) => {
      const { code, stdout, stderr } = await machine(env(), command, stack, ...options);
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).not.toContain("\u001b[");
    },
  );
});
