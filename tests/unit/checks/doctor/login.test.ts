import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loginFinding } from "../../../../checks/doctor/login.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("credentials-");
  vi.stubEnv("DOCKER_CONFIG", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test("a credential helper that is named and not there is told, for the registry that it is of", () => {
  expect(loginFinding("")).toBeUndefined();
  const config = { credHelpers: { "r.example:5000": "gone" } };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  expect(loginFinding("")).toBeUndefined();
  expect(loginFinding("r.example:5000/hub")).toMatchObject({
    level: "warning",
    found: `${folder}/config.json names docker-credential-gone, which is not on PATH: images are pulled from r.example:5000 without credentials`,
  });
});
