import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { backendFolder, backendUrl, isOwnBackend } from "../../../cli/backend.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = temporaryFolder("backend-");
  env = { XDG_DATA_HOME: join(folder, "data"), PULUMI_CREDENTIALS_PATH: join(folder, "credentials") };
});

function logIn(current: string): void {
  mkdirSync(join(folder, "credentials"));
  writeFileSync(join(folder, "credentials", "credentials.json"), JSON.stringify({ current }));
}

test("without a backend of the user's the state is in the data folder, which is the project's own", () => {
  const own = join(folder, "data", "cooperbench-machine", "state");
  expect(backendFolder("/p", backendUrl(env))).toBe(own);
  expect(isOwnBackend(env)).toBe(true);
  expect(isOwnBackend({ ...env, PULUMI_BACKEND_URL: `file://${own}` })).toBe(true);
});

test.each([
  ["file:///srv/state", "/srv/state"],
  ["file:///srv/state?no_tmp_dir=false", "/srv/state"],
  ["file:///srv/my%20state", "/srv/my state"],
  ["file://~", homedir()],
  ["file://~/state", join(homedir(), "state")],
  ["file://state", "/p/state"],
  ["file://./state", "/p/state"],
  ["s3://bucket/file://x", undefined],
  ["https://api.pulumi.com", undefined],
])("a backend %s is in the folder %s", (url, expected) => {
  const named = { ...env, PULUMI_BACKEND_URL: url };
  expect(backendFolder("/p", backendUrl(named))).toBe(expected);
  expect(isOwnBackend(named)).toBe(false);
});

test("a login counts where no variable names a backend, as with Pulumi itself", () => {
  logIn("file:///srv/logged-in");
  expect(backendFolder("/p", backendUrl(env))).toBe("/srv/logged-in");
  expect(backendFolder("/p", backendUrl({ ...env, PULUMI_BACKEND_URL: "file:///srv/b" }))).toBe("/srv/b");
  expect(backendFolder("/p", backendUrl({ ...env, PULUMI_ACCESS_TOKEN: "t" }))).toBe("/srv/logged-in");
  expect(isOwnBackend(env)).toBe(false);
});

test("Pulumi's own service, which a token alone chooses, has no folder", () => {
  expect(backendFolder("/p", backendUrl({ ...env, PULUMI_ACCESS_TOKEN: "t" }))).toBeUndefined();
});
