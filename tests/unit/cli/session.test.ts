import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { backendUrl } from "../../../cli/backend.ts";
import { openAsFound } from "../../../cli/session.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
let folder: string;
beforeEach(() => {
  folder = temporaryFolder("session-");
  copyFileSync(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
});

function write(stack: string, ...settings: readonly string[]): void {
  const lines = settings.map((line) => `  cooperbench-machine:${line}\n`);
  writeFileSync(join(folder, `Pulumi.${stack}.yaml`), `config:\n${lines.join("")}`);
}

test("two stacks in one process have each their own variables, and leave the process its own", () => {
  const rehearsal = join(folder, "rehearsal");
  mkdirSync(join(rehearsal, "bin"), { recursive: true });
  writeFileSync(join(rehearsal, "bin", "docker"), "");
  write("one", `dockerHost: unix://${rehearsal}/docker.sock`, `imagesLock: ${rehearsal}/images.lock.json`);
  write("two", "coop: true");
  const user = { PATH: "/usr/bin", HOME: folder, DOCKER_HOST: "tcp://lab:2375" };
  const before = { ...process.env };
  const one = openAsFound(callerOf(folder, "one", user));
  const two = openAsFound(callerOf(folder, "two", { ...user, PULUMI_BACKEND_URL: "s3://two" }));

  expect(one).toMatchObject({ dockerHost: `unix://${rehearsal}/docker.sock`, isRehearsal: true });
  expect(one.env).toMatchObject({ PULUMI_STACK: "one", DOCKER_HOST: one.dockerHost, HOME: folder });
  expect(one.env.PATH).toMatch(/\/usr\/bin.*\/rehearsal\/bin$/);
  expect(two).toMatchObject({ dockerHost: "tcp://lab:2375", isRehearsal: false, rehearsal: undefined });
  expect(two.env).toMatchObject({ PULUMI_STACK: "two", DOCKER_HOST: "tcp://lab:2375" });
  expect(two.env.PATH).not.toContain("rehearsal");
  expect([backendUrl(one.env), backendUrl(two.env)]).toEqual([expect.stringMatching(/^file:/), "s3://two"]);
  expect(user).toEqual({ PATH: "/usr/bin", HOME: folder, DOCKER_HOST: "tcp://lab:2375" });
  expect(process.env).toEqual(before);
});
