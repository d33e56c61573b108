import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { standInCommits } from "../../benchmark/stand-ins.ts";
import { isReady } from "../../rehearsal/rehearsal.ts";
import { jsonOutput } from "../json-output.ts";
import { changedBy, logFileOf } from "./changed-by.ts";
import { type Ended, Lab } from "./lab.ts";

const canary = "canary-8f1d2c7b6a";
const lab = new Lab();
let stack: string;
let first: Ended;
let processes = "";

beforeAll(async () => {
  stack = await lab.makeStack({}, canary);
  // What anybody on the machine sees of the processes, all the while.
  const watch = setInterval(() => {
    processes += readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .map(commandLine)
      .join("\n");
  }, 200);
  first = await lab.machine(["up", stack]);
  clearInterval(watch);
});
afterAll(() => lab.close());

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended
  }
}

const preview = (...options: string[]) => lab.machine(["preview", stack, "--expect-no-changes", ...options]);
const state = async () => (await lab.machine(["pulumi", "stack", "export", "--stack", stack])).stdout;
const outputs = async () =>
  JSON.parse((await lab.machine(["pulumi", "stack", "output", "--json", "--stack", stack])).stdout);

test("the first update pulls and verifies all of lite, and leaves no container", async () => {
  expect(first.stdout + first.stderr).toContain("26/26 images verified (0 found, 26 pulled)");
  expect(first.code).toBe(0);
  expect(await lab.containers()).toEqual([]);
});

test("the second update changes nothing and says so, and a preview agrees", async () => {
  const second = await lab.machine(["up", stack]);
  expect(second.stdout).toContain("26/26 images verified (26 found, 0 pulled); nothing changed");
  expect(second.stdout).toMatch(/\nReady, as a rehearsal: .*\nNext: \.\/machine plan \S+\n$/);
  expect(second.code).toBe(0);
  const third = await lab.machine(["up", stack, "--json"]);
  expect(jsonOutput("up", third.stdout)).toMatchObject({
    ...{ stack, outcome: "rehearsed", exitCode: 0, failures: {} },
    images: { verified: 26, wanted: 26, found: 26, pulled: 0 },
  });
  expect((await preview()).code).toBe(0);
});

test.each([
  ["up", "--nosuch"],
  ["preview", "--target"],
  ["destroy", "--parallel=x"],
])(
  "an option of %s that Pulumi does not take, %s, is not understood, and nothing is begun",
  async (...[command, option]) => {
    const { code, stdout, stderr } = await lab.machine([command, stack, option]);
    expect(stderr).toMatch(/^machine: .*\. Nothing was done\.\nFix: \.\/machine \S+ --help\n$/);
    expect([code, stdout]).toEqual([2, ""]);
  },
);

test("of two updates that begin together one is done, and the other says that it is going on", async () => {
  const both = await Promise.all([lab.machine(["up", stack]), lab.machine(["up", stack])]);
  const [done, other] = both.toSorted((a, b) => (a.code ?? 0) - (b.code ?? 0));
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing changed") });
  const { code, stdout, stderr } = other as Ended;
  expect(code).toBe(1);
  expect(stdout + stderr).toMatch(/another operation on the stack|an update is running since/);
  expect(stdout + stderr).not.toContain("pulumi cancel");
  expect((await preview()).code).toBe(0);
});

test("a preview without the stack's id names it in one line, and an update gives it back", async () => {
  const file = lab.settingsFile(stack);
  const before = readFileSync(file, "utf8");
  writeFileSync(file, before.replace(/^.*stackId.*\n/m, ""));
  const { code, stdout, stderr } = await preview();
  expect([code, stdout]).toEqual([1, ""]);
  const fix = `./machine set ${stack} stackId ${/stackId: (\S+)/.exec(before)?.[1]}`;
  expect(stderr).toMatch(/^machine: .*has lost the stack's id.*\nFix: .*\n$/);
  expect(stderr).toContain(fix);
  for (const command of ["doctor", "status"])
    expect((await lab.machine([command, stack])).stdout).toMatch(
      /^warning +stack +.*has lost the stack's id/m,
    );
  expect((await lab.machine(["up", stack])).stdout).toContain("nothing changed");
  expect(readFileSync(file, "utf8")).toContain("stackId");
});

test("the outputs tell what is on the machine, with the key in none that is not secret", async () => {
  const told = await outputs();
  expect(told.verified).toBe("26/26");
  expect(told.subset).toBe("lite");
  expect(told.cooperbench).toMatchObject({ version: "0.0.29", folder: lab.checkout });
  expect(Object.keys(told.images)).toHaveLength(26);
  const lock = JSON.parse(readFileSync(lab.rehearsal.imagesLock, "utf8")).images;
  const commits = Object.values(standInCommits(lab.rehearsal.dir));
  for (const image of Object.values<Record<string, string>>(told.images)) {
    const locked = lock[image.reference ?? ""];
    expect(commits).toContain(image.baseCommit);
    expect(image.digest).toMatch(new RegExp(`@${locked.digest}$`));
    expect((await lab.engine.getImage(image.reference ?? "").inspect()).Id).toBe(image.imageId);
  }
  expect(told.environment).toBe("[secret]");
  expect(told.cohereApiKey).toBe("[secret]");
  expect(told.readme).toContain(`cd ${lab.checkout}`);
});

test("verify probes every image anew, and leaves everything as it is", async () => {
  const before = [await lab.references(), await state()];
  const { code, stdout } = await lab.machine(["verify", stack, "--json"]);
  expect(code).toBe(0);
  const { images, cooperbench } = jsonOutput("verify", stdout);
  expect(cooperbench).toMatchObject({ ok: true, version: "0.0.29" });
  expect(images).toHaveLength(26);
  expect(images[0]?.task).toBe("dottxt_ai_outlines_task/1655");
  for (const image of images) expect(image).toMatchObject({ ok: true, locked: true });
  expect(await lab.containers()).toEqual([]);
  expect([await lab.references(), await state()]).toEqual(before);
});

test("the subset of the smoke run is one that CooperBench reads", async () => {
  const question =
    "from cooperbench.runner.tasks import discover_tasks; print([t['repo'] for t in discover_tasks(subset='machine-smoke')])";
  const script = `cd ${lab.checkout} && .venv/bin/python -c "${question}"`;
  const { stdout } = await lab.run("sh", ["-c", script]);
  expect(stdout.match(/_task/g)).toHaveLength(5);
  expect((await lab.machine(["plan", stack])).stdout).toContain("run -n smoke -s machine-smoke");
});

test("the .env has what routes the model, for its owner alone", () => {
  expect(statSync(lab.dotenv).mode & 0o777).toBe(0o600);
  const text = readFileSync(lab.dotenv, "utf8");
  expect(text).toContain(`COHERE_API_KEY='${canary}'\n`);
  expect(text).toContain("COHERE_API_BASE='https://stg.api.cohere.com/v2/chat'\n");
});

test("no variable of the user's shell is taken for what a step is asked", async () => {
  const shell = {
    CONFLICT: "x",
    GIT_CLIENT: "x",
    DIGEST: "x",
    FOLDER: "/x",
    STACK_ID: "x",
    REQUEST: "x",
    ADOPTED: "x",
  };
  chmodSync(lab.dotenv, 0o644);
  const { code, stdout, stderr } = await lab.machine(["up", stack], shell);
  expect(code, stdout + stderr).toBe(0);
  expect(statSync(lab.dotenv).mode & 0o777).toBe(0o600);
});

describe("drift is shown by a preview, and an update mends just that:", () => {
  const image = "akhatua/cooperbench-go-chi:task26";

  test.each<[string, () => unknown, readonly string[]]>([
    ["an image that was removed", () => lab.engine.getImage(image).remove(), ["go-chi-task26"]],
    [
      "a tag that was moved to another image",
      () =>
        lab.engine
          .getImage("akhatua/cooperbench-go-chi:task27")
          .tag({ repo: "akhatua/cooperbench-go-chi", tag: "task26" }),
      ["go-chi-task26"],
    ],
    [
      "a virtual environment that was deleted",
      () => rmSync(join(lab.checkout, ".venv"), { recursive: true }),
      ["cooperbench-venv", "cooperbench-verification", "route-proof"],
    ],
    [
      "a virtual environment that lost a package",
      async () => {
        const lib = join(lab.checkout, ".venv", "lib");
        const [python = ""] = readdirSync(lib);
        rmSync(join(lib, python, "site-packages", "rich"), { recursive: true });
        for (const look of ["status", "doctor", "verify"])
          expect((await lab.machine([look, stack])).stdout, look).toMatch(
            /its package rich-\S+ is not whole/,
          );
      },
      ["cooperbench-venv", "cooperbench-verification", "route-proof"],
    ],
    ["a .env with a wide mode", () => chmodSync(lab.dotenv, 0o644), ["credentials-dotenv"]],
    [
      "a .env without a key",
      () => writeFileSync(lab.dotenv, readFileSync(lab.dotenv, "utf8").replace(/^LITELLM.*\n/m, "")),
      ["credentials-dotenv"],
    ],
    [
      "a .env with another line of the user's",
      () => writeFileSync(lab.dotenv, `${readFileSync(lab.dotenv, "utf8")}MINE=1\n`),
      ["credentials-dotenv", "route-proof"],
    ],
    [
      "a .env with a line that takes the key away",
      () => writeFileSync(lab.dotenv, `${readFileSync(lab.dotenv, "utf8")}'COHERE_API_KEY'\n`),
      ["credentials-dotenv", "route-proof"],
    ],
  ])("%s", async (_, damage, mended) => {
    await damage();
    expect((await preview()).code, "preview").not.toBe(0);
    const update = await lab.machine(["up", stack]);
    expect(update.code, update.stdout + update.stderr).toBe(0);
    expect(changedBy(update)).toEqual(mended);
    expect((await preview()).code, "preview after").toBe(0);
  });
});

test("the key is nowhere in clear: state, output, differences, process list", async () => {
  const differences = await lab.machine(["preview", stack, "--diff", "--show-sames"]);
  expect(differences.code).toBe(0);
  expect(await state()).not.toContain(canary);
  expect(lab.printed).not.toContain(canary);
  const logs = dirname(logFileOf(first));
  const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"));
  expect(texts.length).toBeGreaterThan(0);
  for (const text of texts) expect(text).not.toContain(canary);
  expect(processes).toContain("provision/main.ts");
  expect(processes).not.toContain(canary);
  expect(readFileSync(lab.settingsFile(stack), "utf8")).not.toContain(canary);
  for (const file of readdirSync(join(lab.folder, "data"), { recursive: true, withFileTypes: true })) {
    if (file.isFile())
      expect(readFileSync(join(file.parentPath, file.name), "utf8"), file.name).not.toContain(canary);
  }
});

test("plain pulumi and docker speak to the stack after eval of its exports", async () => {
  const script = `eval "$(./machine env ${stack})" && pulumi stack output verified && docker images -q | wc -l && pulumi preview --expect-no-changes`;
  const { code, stdout } = await lab.run("sh", ["-c", script]);
  expect(stdout).toMatch(/^26\/26\n26\n/);
  expect(code).toBe(0);
});

describe("a second stack on the same engine, through its settings alone,", () => {
  test("finds the images, has a command line of its own, and leaves the first stack's things at destroy", async () => {
    const other = await lab.makeStack({ tasks: ["go_chi_task"], cooperbenchDir: join(lab.folder, "other") });
    expect((await lab.machine(["up", other])).stdout).toContain("3/3 images verified (3 found, 0 pulled)");
    expect((await lab.machine(["destroy", other])).code).toBe(0);
    expect(existsSync(join(lab.folder, "other"))).toBe(false);
    expect(await isReady(lab.rehearsal), "the first stack still needs the rehearsal").toBe(true);
    expect((await preview()).code).toBe(0);
  });

  test("is refused the first one's folder before it touches anything in it, with and without ./machine", async () => {
    const other = await lab.makeStack({ tasks: ["go_chi_task"] });
    const look = () =>
      [".git/cooperbench-machine.json", ".venv/cooperbench-machine.json", ".env"].map((file) =>
        readFileSync(join(lab.checkout, file), "utf8"),
      );
    const before = look();
    const { code, stdout, stderr } = await lab.machine(["up", other]);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(`has things of stack ${stack}`);
    const plain = await lab.machine(["pulumi", "up", "--yes", "--skip-preview", "--stack", other]);
    expect(plain.code).not.toBe(0);
    expect(plain.stdout).toContain(`has things of stack ${stack}`);
    expect((await lab.machine(["destroy", other])).code).toBe(0);
    expect(look()).toEqual(before);
    expect((await preview()).code).toBe(0);
  });
});

test("a checkout, an environment and a .env line that were there before are used, and still there after destroy", async () => {
  const folder = join(lab.folder, "mine");
  const make = [
    `eval "$(./machine env ${stack})"`,
    `git clone -q ${lab.rehearsal.sourceRepository} ${folder}`,
    `cd ${folder} && uv sync -q --frozen --extra dev && touch .venv/mine`,
  ];
  expect((await lab.run("sh", ["-c", make.join(" && ")])).code).toBe(0);
  const before = "MINE=1\nCOHERE_API_KEY=of-mine\n";
  writeFileSync(join(folder, ".env"), before);

  const other = await lab.makeStack({ tasks: ["go_chi_task"], cooperbenchDir: folder });
  expect((await lab.machine(["up", other])).code).toBe(0);
  expect(readFileSync(join(folder, ".env"), "utf8")).toContain("COHERE_API_KEY='key-of-a-test'");
  expect((await lab.machine(["destroy", other])).code).toBe(0);
  expect(readFileSync(join(folder, ".env"), "utf8")).toBe(before);
  expect(existsSync(join(folder, ".venv", "mine"))).toBe(true);
  expect(existsSync(join(folder, ".venv", "bin", "cooperbench"))).toBe(true);
});

test("destroy removes what the stack made, keeps what it did not, and takes the rehearsal down", async () => {
  expect((await lab.machine(["up", stack])).code).toBe(0);
  writeFileSync(lab.dotenv, `${readFileSync(lab.dotenv, "utf8")}MINE=1\n`);
  mkdirSync(join(lab.checkout, "logs"));
  writeFileSync(join(lab.checkout, "logs", "result.json"), "{}");
  const { code } = await lab.machine(["pulumi", "destroy", "--yes", "--stack", stack]);
  expect(code).toBe(0);
  expect(readFileSync(lab.dotenv, "utf8")).toBe("MINE=1\n'COHERE_API_KEY'\nMINE=1\n");
  expect(existsSync(join(lab.checkout, ".venv"))).toBe(false);
  expect(readFileSync(join(lab.checkout, "logs", "result.json"), "utf8")).toBe("{}");
  expect((await lab.engine.listImages()).length).toBe(26);
  expect((await lab.machine(["destroy", stack])).code).toBe(0);
  expect(existsSync(lab.rehearsal.dir)).toBe(false);
});
