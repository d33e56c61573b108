import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, test as anyTest, beforeAll, describe, expect } from "vitest";
import { freePort } from "../../rehearsal/free-port.ts";
import { startCohereMock } from "../../rehearsal/model/cohere-mock.ts";
import { competentAgent, meeting } from "../../rehearsal/model/competent-agent.ts";
import { removeImage } from "../../rehearsal/publish.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { isChroot } from "./chroot.ts";
import { type Ended, Lab } from "./lab.ts";

const key = "canary-9c2f6a71d8";
const lab = new Lab();
const model = await startCohereMock(competentAgent());
const refusing = await startCohereMock();
refusing.status = 401;
const killing = meeting(() => lab.engine.getContainer("cooperbench-redis").kill());
const redisKilling = await startCohereMock(competentAgent(() => killing));
const services = ["/cooperbench-git", "/cooperbench-redis"];
let stack: string;
let environment: string;
let plan: readonly string[];

// CooperBench's agents and evaluations work by docker exec.
const test = anyTest.skipIf(isChroot);
if (isChroot) console.warn("not tried in a chroot, where docker exec does not enter containers: a run");

beforeAll(async () => {
  if (isChroot) return;
  await startRehearsal(lab.rehearsal, () => {});
  const tasks = ["go_chi_task/27", "dspy_task/8394"];
  const coop = { coop: true, git: true, redisPort: await freePort() };
  stack = await lab.makeStack({ tasks, ...coop, modelApiBase: model.modelApiBase }, key);
  const update = await lab.machine(["up", stack]);
  expect(update.code, update.stdout + update.stderr).toBe(0);
  environment = (await lab.machine(["env", stack])).stdout;
  const { stdout } = await lab.machine(["plan", stack]);
  plan = [...stdout.matchAll(/^ *(\.venv\/bin\/cooperbench .*)$/gm)].map(([, command = ""]) => command);
});
afterAll(async () => {
  for (const mock of [model, refusing, redisKilling]) mock.close();
  await lab.close();
});

/** The command of the plan that makes this run, or a part of it: the stack has two tasks of its subset. */
function planned(run: string, part = ""): string {
  const command = plan.find((one) => one.includes(` run -n ${run} `) && one.includes(part));
  if (command === undefined) throw new Error(`the plan has no run ${run} ${part}: ${plan.join("\n")}`);
  return command;
}

/** Gives a command of the plan as a user does, where no host but this machine answers. */
function cooperbench(command: string, exported: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const proxies = {
    HTTP_PROXY: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
    NO_PROXY: "127.0.0.1",
  };
  return lab.run("bash", ["-c", `${environment}\ncd ${lab.checkout}\n${command}`], {
    ...proxies,
    ...exported,
  });
}

const askAt = ({ modelApiBase }: { modelApiBase: string }) => ({ COHERE_API_BASE: `${modelApiBase}/chat` });
const check = (run: string) => lab.machine(["plan", stack, "--check", run]);

/** Reads a file of a pair's folder. */
function text(pair: string, name: string): string {
  return readFileSync(join(lab.checkout, "logs", pair, name), "utf8");
}
const json = (pair: string, name: string) => JSON.parse(text(pair, name));

const submitted = { status: "Submitted", steps: 4, error: null };
const passed = { both_passed: true, feature1: { passed: true }, feature2: { passed: true }, error: null };

describe("with the machine as provisioned,", () => {
  const coopPair = "coop/coop/go_chi_task/27/f2_f4";
  let solo: Ended;
  let coop: Ended;
  let refused: Ended;
  let noRedis: Ended;

  beforeAll(async () => {
    if (isChroot) return;
    const oneTask = (run: string) => planned(run, " -r go_chi_task -t 27 ");
    [solo, coop, refused, noRedis] = await Promise.all([
      cooperbench(planned("smoke")),
      cooperbench(oneTask("coop")),
      cooperbench(oneTask("solo"), askAt(refusing)),
      cooperbench(
        oneTask("coop-silent").replace("--no-messaging", `--redis redis://127.0.0.1:${await freePort()}`),
      ),
    ]);
  });

  test("the plan's solo run does its pairs, and both features of each pass", async () => {
    expect(solo.code, solo.stdout + solo.stderr).toBe(0);
    for (const pair of ["smoke/solo/dspy_task/8394/f3_f4", "smoke/solo/go_chi_task/27/f2_f4"]) {
      expect(json(pair, "result.json").agent).toMatchObject(submitted);
      expect(text(pair, "solo.patch")).toMatch(/^diff --git /);
      expect(json(pair, "eval.json")).toMatchObject(passed);
    }
    const { code, stdout } = await check("smoke");
    expect(stdout).toMatch(
      /^Done: smoke: 2 of 2 results are the model's, 2 of 2 evaluated ones passed\nNext: .*\n$/,
    );
    expect(code).toBe(0);
  });

  test("the plan's coop run merges the work of two agents, and both features pass", async () => {
    expect(coop.code, coop.stdout + coop.stderr).toBe(0);
    expect(json(coopPair, "result.json").agents).toMatchObject({ agent1: submitted, agent2: submitted });
    for (const feature of [2, 4]) {
      const patch = text(coopPair, `agent${feature}.patch`);
      expect(patch.match(/^\+ .*/gm)).toEqual([`+  echo 'feature ${feature} of go chi task 27'`]);
    }
    expect(json(coopPair, "eval.json")).toMatchObject({
      ...passed,
      apply_status: { agent1: "applied", agent2: "applied" },
      merge: { status: "clean" },
    });
    const { code, stdout } = await check("coop");
    expect(stdout).toMatch(
      /^Done: coop: 1 of 1 results are the model's, 1 of 1 evaluated ones passed\nNext: .*\n$/,
    );
    expect(code).toBe(0);
  });

  test("its agents hear each other over the stack's Redis, and see each other's branch on its git server", () => {
    expect(json(coopPair, "conversation.json")).toMatchObject([
      { from: "agent1", to: "agent2", message: "I write feature2 alone." },
      { from: "agent2", to: "agent1", message: "I write feature4 alone." },
    ]);
    // A trajectory is named after its feature.
    const [first, second] = [text(coopPair, "agent2_traj.json"), text(coopPair, "agent4_traj.json")];
    expect(first).toContain("[Reply from agent2]: I write feature4 alone.");
    expect(first).toContain("origin/agent2");
    expect(second).toContain("[Reply from agent1]: I write feature2 alone.");
    expect(second).toContain("origin/agent1");
    expect(coop.stdout).toMatch(/git ready git:\/\/cooperbench-git:9418\//);
  });

  test("the model is asked at the configured URL, for the right model, with the stack's key", () => {
    const calls = 2 * submitted.steps + 2 * submitted.steps;
    expect(model.asked).toHaveLength(calls);
    for (const { path, authorization, body } of model.asked) {
      expect([path, authorization]).toEqual(["/v2/chat", `Bearer ${key}`]);
      expect(body.model).toBe("command-a-03-2025");
    }
  });

  test("a refused key makes a run that says completed, and a check that says machine", async () => {
    expect(refused.stdout).toMatch(/runs: +1 completed/);
    expect(refused.code).toBe(0);
    const { code, stdout } = await check("solo");
    expect(stdout).toContain(
      "MACHINE  solo go_chi_task/27 2,4  the model's API refused the key (litellm.AuthenticationError: ",
    );
    expect(code).toBe(1);
  });

  test("a Redis that is not there ends a run before it begins: nothing of it is left", async () => {
    expect(noRedis.stdout).toContain("error: Failed to start Redis");
    expect(noRedis.code).toBe(1);
    const { code, stderr } = await check("coop-silent");
    expect(stderr).toContain("there is no run coop-silent");
    expect(code).toBe(1);
  });
});

describe("what goes wrong on the machine", () => {
  const noImagePair = "no-image/solo/dspy_task/8394/f3_f4";
  let noImage: Ended;
  let redisDied: Ended;

  beforeAll(async () => {
    if (isChroot) return;
    const image = "akhatua/cooperbench-dspy:task8394";
    await removeImage(lab.rehearsal.registryUrl() ?? "", image);
    await lab.engine.getImage(image).remove({ force: true });
    const named = (from: string, to: string, which: string) =>
      planned(from, which).replace(` -n ${from} `, ` -n ${to} `);
    [noImage, redisDied] = await Promise.all([
      cooperbench(named("solo", "no-image", "-r dspy_task -t 8394")),
      cooperbench(named("coop", "redis-died", "-r go_chi_task -t 27"), askAt(redisKilling)),
    ]);
  });

  test("an image that is not to be had: the run says completed, the check says what lacks", async () => {
    expect(noImage.stdout).toMatch(/runs: +3 completed/);
    expect(json(noImagePair, "result.json").agent).toMatchObject({ status: "Error", steps: 0 });
    const { code, stdout } = await check("no-image");
    expect(stdout).toMatch(
      /^MACHINE {2}solo dspy_task\/8394 3,4 {2}the container could not be started, mostly for want of its image \(Command '\['docker', 'run'.* 125\.\)$/m,
    );
    expect(stdout).toContain(`\n  ./machine verify ${stack}\n`);
    expect(stdout).toContain(`\n  ./machine up ${stack}\n`);
    expect(stdout).toContain("no-image: 0 of 3 results are the model's, 0 of 0 evaluated ones passed\n");
    expect(code).toBe(1);
  });

  test("a Redis that dies in a run: told, and the command that the check gives does the pair again", async () => {
    expect(redisDied.stdout).toMatch(/runs: +1 completed/);
    const { code, stdout } = await check("redis-died");
    expect(stdout).toMatch(
      /^MACHINE {2}coop go_chi_task\/27 2,4 {2}there was no Redis \(Error .* 127\.0\.0\.1:/m,
    );
    expect(code).toBe(1);

    // CooperBench itself starts the stack's Redis again, whose container is there.
    const again = await cooperbench(/^again: (.*)$/m.exec(stdout)?.[1] ?? "");
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect((await check("redis-died")).stdout).toContain(
      "redis-died: 1 of 1 results are the model's, 1 of 1 evaluated ones passed\n",
    );
  });
});

test("no container is left but the stack's own services", async () => {
  await expect
    .poll(async () => (await lab.containers()).toSorted(), { timeout: 30_000, interval: 500 })
    .toEqual(services);
});

test("an update that would change what a run uses waits for its end, and one that changes nothing does not", async () => {
  // What the runs above have changed, such as a Redis that CooperBench started again, is put right first.
  expect(await lab.machine(["up", stack])).toMatchObject({ code: 0 });
  const script = "import time; time.sleep(600) # as cooperbench run does";
  const run = lab.start(join(lab.checkout, ".venv", "bin", "python"), ["-c", script]);
  lab.configure(stack, { coop: false, git: false });
  const refused = await lab.machine(["up", stack]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    / a run of CooperBench is using .*: .*Redis: will be removed.*Nothing was changed/,
  );
  lab.configure(stack, { coop: true, git: true });
  const unchanged = await lab.machine(["up", stack]);
  expect(unchanged.code, unchanged.stdout + unchanged.stderr).toBe(0);
  run.child.kill("SIGKILL");
  await run.ended;
  expect((await lab.containers()).toSorted()).toEqual(services);
});

test("the key is in nothing printed, though the API says it again", () => {
  expect(text("solo/solo/go_chi_task/27/f2_f4", "result.json")).toContain(key);
  expect(lab.printed).not.toContain(key);
});
