import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatImagesLock, type LockedImage, readImagesLock } from "../../benchmark/images-lock.ts";
import { readTasks, selectTasks } from "../../benchmark/tasks.ts";
import type { OracleResult } from "../../cli/oracle-report.ts";
import { type Place, placeHere, showProcess } from "../../lib/process-id.ts";
import { identityLabel, makerLabel } from "../../provision/ownership/temporary.ts";
import { oracleLabel } from "../../provision/steps/evaluation.ts";
import { publishImage } from "../../rehearsal/publish.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { sharedLayers } from "../../rehearsal/shared-layers.ts";
import { type Fault, standIn } from "../../rehearsal/stand-in-image.ts";
import { readTasks as standInTasks } from "../../rehearsal/tasks.ts";
import { findTools } from "../../rehearsal/tools.ts";
import { jsonOutput } from "../json-output.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const imageOf = (task: string) =>
  `akhatua/cooperbench-${task.replace("_task/", ":task").replaceAll("_", "-")}`;
const files = (task: string) => join(lab.checkout, "dataset", task.replace("/", "/task"));
const dataset = (...args: string[]) => execFileSync("git", ["-C", lab.checkout, ...args]);

let stack: string;
let proved: string;
beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  // A checkout that the user has made: the stack uses it as it is.
  execFileSync("git", ["clone", "-q", lab.rehearsal.sourceRepository, lab.checkout]);
  const { tasks } = selectTasks(readTasks(), "lite", []);
  await Promise.all(tasks.map(({ image }) => pull(image)));
  stack = await lab.makeStack();
  proved = await lab.makeStack({ tasks: ["go_chi_task/26"] });
  const update = await lab.machine(["up", proved]); // for the environment, whose CooperBench evaluates
  expect(update.code, update.stdout + update.stderr).toBe(0);
});
afterAll(() => lab.close());

async function pull(reference: string): Promise<void> {
  const stream = await lab.engine.pull(reference);
  await new Promise<void>((resolve, reject) =>
    lab.engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
}

/** Publishes another image under a task's reference, and pulls it. Without a fault it is the good one. Gives a lock. */
async function replaceImage(task: string, fault?: Fault): Promise<string> {
  const image = imageOf(task);
  const [found] = standInTasks().filter((one) => one.image === image);
  if (found === undefined) throw new Error(`no task has the image ${image}`);
  const shared = await sharedLayers(await findTools(() => {}));
  const { spec } = await standIn(found, shared, fault === undefined ? {} : { fault });
  const published = await publishImage(lab.rehearsal.registryUrl() ?? "", spec);
  await pull(image);
  const { images } = readImagesLock(lab.rehearsal.imagesLock);
  const imagesLock = join(lab.folder, "images.lock.json");
  const locked = { ...(images[image] as LockedImage), ...published };
  writeFileSync(imagesLock, formatImagesLock({ images: { ...images, [image]: locked } }));
  return imagesLock;
}

test("the oracle passes on all 26 stand-ins", async () => {
  const { code, stdout, stderr } = await lab.machine(["oracle", stack, "--all"]);
  expect(stdout).toMatch(/^Done: 26\/26 passed: .* \([\d.]+ s\)$/m);
  expect(
    stdout.match(/^ok .*_task\/\d+ +\d+ +clean +passed [\d.]+ s +failed [\d.]+ s +dataset's +sha256:/gm),
  ).toHaveLength(26);
  expect(stderr).toMatch(/\d+\/26 done, \d+ running/);
  expect(code).toBe(0);
});

test("five tasks of five repositories are the usual number, and --features chooses among theirs", async () => {
  const usual = await lab.machine(["oracle", stack, "--json"]);
  const { results } = jsonOutput("oracle", usual.stdout);
  expect(new Set(results.map(({ task }) => task.split("/")[0])).size).toBe(5);
  expect(results.map(({ feature }) => feature)).toEqual([1, 1, 1, 1, 1]);
  const { stdout } = await lab.machine(["oracle", stack, "--tasks", "1", "--features", "1,2,99", "--json"]);
  expect(jsonOutput("oracle", stdout).results.map(({ feature }) => feature)).toEqual([1, 2]);
  const none = await lab.machine(["oracle", stack, "--features", "99"]);
  expect(none.code).toBe(1);
  expect(none.stderr).toContain(" has a feature 99\nFix: give --features gold");
});

describe("one that is wrong fails, with its own reason and remedy", () => {
  const wrong = {
    unappliable: "dspy_task/8394",
    passing: "go_chi_task/26",
    hanging: "pillow_task/25",
    other: "typst_task/6554",
    missing: "pallets_jinja_task/1465",
  } as const;
  const good = "go_chi_task/27";
  let results: readonly OracleResult[];
  let junit: string;
  const of = (task: string) => results.find((result) => result.task === task)?.checks;

  beforeAll(async () => {
    const patch = join(files(wrong.unappliable), "feature1", "feature.patch");
    writeFileSync(patch, readFileSync(patch, "utf8").replaceAll("is not written", "was never there"));
    const tests = join(files(wrong.passing), "feature1", "tests.patch");
    writeFileSync(tests, readFileSync(tests, "utf8").replace(/^\+\[ .*$/m, "+true"));
    await replaceImage(wrong.hanging, "hanging-runner");
    await replaceImage(wrong.other, "other-runner");
    rmSync(files(wrong.missing), { recursive: true });
    const tasks = [...Object.values(wrong), good];
    const broken = await lab.makeStack({ tasks, oracleTimeoutSeconds: 4 });
    const file = join(lab.folder, "oracle.xml");
    const { code, stdout } = await lab.machine(["oracle", broken, "--all", "--json", "--junit", file]);
    expect(code).toBe(1);
    ({ results } = jsonOutput("oracle", stdout));
    junit = readFileSync(file, "utf8");
  });
  afterAll(async () => {
    dataset("checkout", "-q", "HEAD", "--", "dataset");
    await replaceImage(wrong.hanging);
    await replaceImage(wrong.other);
  });

  test("a gold patch that does not apply", () => {
    const checks = of(wrong.unappliable);
    expect(checks?.gold.problem).toMatch(
      /dspy:task8394 failed its oracle: the gold patch of feature 1 does not pass its tests: the runner ended with 1\nIts last lines:\n[\s\S]*hunk/i,
    );
    expect(checks?.merge.problem).toMatch(/does not survive the merge of branches/);
    expect([checks?.control.problem, checks?.runner.note]).toEqual([undefined, undefined]);
  });

  test("tests that pass without the gold patch", () => {
    const checks = of(wrong.passing);
    expect(checks?.control.problem).toMatch(
      /go-chi:task26 failed its oracle: the tests of feature 1 pass without the gold patch, so they prove nothing: CooperBench counts 2 passed\n[\s\S]*passed: tests/,
    );
    expect([checks?.gold.problem, checks?.merge.problem]).toEqual([undefined, undefined]);
  });

  test("a runner that hangs, whose control is not waited for as well", () => {
    const checks = of(wrong.hanging);
    expect(checks?.gold.problem).toMatch(
      /pillow:task25 failed its oracle: the runner of feature 1 did not end within 4 s and was ended\nIts last lines:\n[\s\S]*the runner waits\n+Command timed out after 4 seconds$/,
    );
    expect(checks?.control.skipped).toMatch(/did not end/);
  });

  test("but not a runner that is not the dataset's, whose proof is as good", () => {
    const checks = of(wrong.other);
    expect(checks?.runner.note).toMatch(
      /its runner.sh is not the dataset's \(.*typst_task\/task6554\/runner.sh\)/,
    );
    expect([checks?.gold.problem, checks?.control.problem, checks?.merge.problem]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("a task that the dataset lacks", () => {
    expect(of(wrong.missing)?.gold.problem).toMatch(/the dataset has no .*runner.sh, no /);
  });

  test("and the good one beside them passes", () => {
    expect(
      results
        .filter(({ ok }) => ok)
        .map(({ task }) => task)
        .sort(),
    ).toEqual([good, wrong.other]);
  });

  test("and all is in the JUnit file, a case for each check", () => {
    expect(junit).toContain('<testsuite name="oracle test-');
    expect(junit).toContain('tests="24" failures="5" errors="0" skipped="4"');
    expect(junit.match(/<testcase /g)).toHaveLength(24);
    expect(junit).toMatch(
      /classname="go_chi_task\/26" name="feature 1: control" time="[\d.]+"><failure message="[^"]*prove nothing/,
    );
  });

  test("and no container is left", async () => {
    expect(await lab.containers()).toEqual([]);
  });
});

test("an interrupted oracle removes its containers", async () => {
  await replaceImage("pillow_task/25", "hanging-runner");
  const hanging = await lab.makeStack({ tasks: ["pillow_task/25"] });
  const { child, ended } = lab.start(process.execPath, ["cli/main.ts", "oracle", hanging]);
  await expect.poll(() => running(), { timeout: 20_000 }).toBe(1);
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  expect(await lab.containers()).toEqual([]);
  await replaceImage("pillow_task/25");
});

async function running(): Promise<number> {
  const filters = { label: [oracleLabel] };
  return (await lab.engine.listContainers({ filters })).length;
}

describe("oracleTasks in a stack's configuration", () => {
  const [first, second, third] = ["go_chi_task/26", "typst_task/6554", "pillow_task/25"] as const;
  const oracles = async () => {
    const { stdout } = await lab.machine(["pulumi", "stack", "export", "--stack", proved]);
    const { resources } = JSON.parse(stdout).deployment as {
      resources: readonly { urn: string; outputs?: { stdout: string }; modified: string }[];
    };
    return new Map(
      resources
        .filter(({ urn }) => urn.endsWith("-oracle"))
        .map(({ urn, outputs }) => [urn.split("::").at(-1), outputs?.stdout]),
    );
  };
  const up = () => lab.machine(["up", proved]);

  beforeAll(() => lab.configure(proved, { tasks: [first, second, third], oracleTasks: 2 }));

  test("proves that many tasks in an update, and tells it", async () => {
    const { code, stdout } = await up();
    expect(stdout).toContain("2/2 gold patches pass their tests, which fail without");
    expect(code).toBe(0);
    expect([...(await oracles()).keys()].sort()).toEqual(["go-chi-task26-oracle", "pillow-task25-oracle"]);
    const { stdout: output } = await lab.machine(["pulumi", "stack", "output", "oracle", "--stack", proved]);
    expect(output).toBe("2/2\n");
  });

  test("proves nothing again where nothing has changed", async () => {
    const { code, stdout } = await up();
    expect(stdout).toContain("nothing changed");
    expect(code).toBe(0);
  });

  test("proves that task again whose dataset has changed, and fails where its gold patch does not pass", async () => {
    const before = await oracles();
    const patch = join(files(first), "feature1", "feature.patch");
    copyFileSync(join(files(first), "feature2", "feature.patch"), patch);
    expect((await lab.machine(["preview", proved, "--expect-no-changes"])).stdout).toContain(
      "oracle of go_chi_task/26: ",
    );
    // What an update that was killed has left.
    const maker = showProcess({ ...(placeHere() as Place), pid: process.pid, start: "1" });
    await lab.engine.createContainer({
      Image: imageOf(first),
      Labels: { [oracleLabel]: "left", [identityLabel]: lab.identity(proved), [makerLabel]: maker },
    });
    const { code, stdout } = await up();
    expect(code).not.toBe(0);
    expect(stdout).toContain("1/2 gold patches pass");
    expect(stdout).toMatch(
      /failed: oracle of go_chi_task\/26: .*the gold patch of feature 1 does not pass its tests/,
    );
    dataset("checkout", "-q", "HEAD", "--", "dataset");
    expect((await up()).stdout).toContain("2/2 gold patches pass");
    expect((await oracles()).get("pillow-task25-oracle")).toBe(before.get("pillow-task25-oracle"));
  });

  test("proves that task again whose image has changed", async () => {
    const before = await oracles();
    lab.configure(proved, { imagesLock: await replaceImage(third, "silent-runner") });
    const { stdout } = await up();
    expect(stdout).toMatch(
      /failed: oracle of pillow_task\/25: .*CooperBench counts the gold patch of feature 1 as failed/,
    );
    expect((await oracles()).get("go-chi-task26-oracle")).toBe(before.get("go-chi-task26-oracle"));
  });

  test("does not prove an image that has failed its probe, whose failure is the one that is told", async () => {
    lab.configure(proved, { imagesLock: await replaceImage(third, "no-repository") });
    const { code, stdout } = await up();
    expect(code).not.toBe(0);
    expect(stdout.match(/^failed: .*/gm)).toEqual([expect.stringContaining("has no /workspace/repo")]);
    expect(stdout).toContain("1/2 gold patches pass");
    expect(await lab.containers()).toEqual([]);
  });
});
