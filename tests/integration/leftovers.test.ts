import { type ChildProcess, spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTasks, taskName } from "../../benchmark/tasks.ts";
import type { Finding } from "../../checks/finding.ts";
import { askIndex } from "../../provision/steps/package-index.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { jsonOutput } from "../json-output.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const task = readTasks().find((one) => taskName(one) === "go_chi_task/26");
const Image = task?.image ?? "";
let stack: string;

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  stack = await lab.makeStack({ tasks: ["go_chi_task/26"] });
  const stream = await lab.engine.pull(Image);
  await new Promise<void>((resolve, reject) =>
    lab.engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
});
afterAll(() => lab.close());

/** Starts a container, as CooperBench does unless more is said. Gives its name. */
async function start(more: object, name?: string): Promise<string> {
  const made = await lab.engine.createContainer({ ...(name !== undefined && { name }), Image, ...more });
  await made.start();
  return (await made.inspect()).Name;
}
const evaluation = {
  Entrypoint: [],
  Cmd: ["sleep", "infinity"],
  WorkingDir: "/workspace",
  StopSignal: "SIGTERM",
};
const agent = { Entrypoint: ["/bin/bash"], Cmd: ["-c", "sleep 2h"], WorkingDir: "/workspace/repo" };

async function finding(check: string): Promise<Finding | undefined> {
  const { stdout } = await lab.machine(["doctor", stack, "--json"]);
  return jsonOutput("doctor", stdout).checks.find((one) => one.check === check);
}

describe("what killed runs have left", () => {
  let run: ChildProcess | undefined;
  afterAll(() => run?.kill("SIGKILL"));

  test("is named by the doctor, and removed by clean, which leaves a living run's and everybody else's", async () => {
    expect(await finding("leftovers")).toMatchObject({ level: "ok" });
    const left = await start(evaluation);
    const theirs = [
      await start({ ...evaluation, Labels: { "com.example": "mine" } }),
      await start(evaluation, "debugging"),
    ];
    // What lives on this machine besides, such as another test's, may be older than the container.
    await expect
      .poll(() => finding("leftovers"), { timeout: 120_000 })
      .toMatchObject({
        level: "warning",
        found: expect.stringMatching(
          new RegExp(
            `have left 1 container with .* of memory: ${left.slice(1)} \\(evaluation, \\d+ (second|minute)s? old, `,
          ),
        ),
        remedy: `Fix: ./machine clean ${stack}`,
      });

    const code = "import time; time.sleep(600)";
    const env = { PATH: process.env.PATH, DOCKER_HOST: lab.rehearsal.dockerHost };
    run = spawn("python3", ["-c", code, "cooperbench", "run"], { env });
    const living = await start(agent, "minisweagent-0a1b2c3d");
    const all = [left, living, ...theirs];
    const before = await lab.machine(["clean", stack]);
    expect(before.code).toBe(1);
    expect(before.stdout).toMatch(/^stays: +minisweagent-0a1b2c3d +agent .* kB .*$/m);
    expect(before.stdout).toMatch(
      /\nNothing was changed: 1 container to remove\nNext: \.\/machine clean \S+ --yes\n$/,
    );
    expect((await lab.containers()).toSorted()).toEqual(all.toSorted());

    const cleaned = await lab.machine(["clean", stack, "--yes"]);
    expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(0);
    expect(cleaned.stdout).toMatch(
      /^stays, because it may belong to a run that is going on: process \d+ may be its run$/m,
    );
    expect(cleaned.stdout).toMatch(new RegExp(`\nDone: removed ${left.slice(1)}\nNext: `));
    expect((await lab.containers()).toSorted()).toEqual([living, ...theirs].toSorted());

    run.kill("SIGKILL");
    await expect
      .poll(
        async () => jsonOutput("clean", (await lab.machine(["clean", stack, "--yes", "--json"])).stdout),
        {
          timeout: 120_000,
        },
      )
      .toMatchObject({ stack, removed: ["minisweagent-0a1b2c3d"] });
    expect((await lab.containers()).toSorted()).toEqual(theirs.toSorted());
    const none = await lab.machine(["clean", stack]);
    expect(none).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Done: the engine has no container of a CooperBench run to remove\n/),
    });
  });
});

describe("the network of containers", () => {
  test("is not asked for in a rehearsal, which has none to the outside", async () => {
    const { level, found } = (await finding("network")) ?? {};
    expect(level).toBe("ok");
    expect(found).toMatch(/^not asked: .*rehearsal/);
  });

  test("is the one that the engine gives: an index that listens in it is reached, and no other", async () => {
    const npm = pack();
    // busybox's wget asks for names as a static program cannot.
    const script = `#!/bin/sh
host=\${npm_config_registry#http://}
printf 'GET /%s HTTP/1.0\\r\\n\\r\\n' "$2" | nc -w 5 "\${host%/}" 80 | grep -q '200 OK'
`;
    npm.entry({ name: "usr/bin/npm", mode: 0o755 }, script);
    npm.finalize();
    const made = await lab.engine.createContainer({ Image });
    await made.putArchive(await buffer(npm), { path: "/" });
    await made.commit({ repo: "lab/npm", tag: "1" });
    await made.remove();
    const serve = "mkdir /index && echo '{}' >/index/ms && exec busybox httpd -f -p 80 -h /index";
    const index = lab.engine.getContainer((await start({ Entrypoint: ["sh", "-c"], Cmd: [serve] })).slice(1));
    const { Networks } = (await index.inspect()).NetworkSettings;
    const before = await lab.containers();
    const ask = (registry: string) =>
      askIndex({
        ...{ dockerHost: lab.rehearsal.dockerHost, image: "lab/npm:1", manager: "npm", stack: "lab" },
        env: [`npm_config_registry=${registry}`],
      });
    const url = `http://${Networks.bridge?.IPAddress}/`;
    await expect.poll(() => ask(url), { timeout: 30_000 }).toEqual({ seconds: expect.any(Number) });
    expect((await ask("http://127.0.0.1/")).trouble).toBeDefined();
    expect(await lab.containers()).toEqual(before);
  });
});
