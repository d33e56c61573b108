import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMITS, standInCommits } from "../../benchmark/stand-ins.ts";
import { taskName } from "../../benchmark/tasks.ts";
import { commitOfVersion } from "../../provision/steps/checkout/release.ts";
import { findProcesses } from "../../rehearsal/processes.ts";
import { publishedDigest, publishImage, removeImage } from "../../rehearsal/publish.ts";
import {
  isReady,
  type Rehearsal,
  rehearsalAt,
  removeRehearsal,
  startRehearsal,
  stopRehearsal,
} from "../../rehearsal/rehearsal.ts";
import { SDIST } from "../../rehearsal/sdist.ts";
import { sharedLayers } from "../../rehearsal/shared-layers.ts";
import { SOURCE_COMMIT } from "../../rehearsal/source-commit.ts";
import { type Fault, standIn } from "../../rehearsal/stand-in-image.ts";
import { readTasks } from "../../rehearsal/tasks.ts";
import { findTools } from "../../rehearsal/tools.ts";
import { putUvOnPath } from "../machine/provision/steps/tiny-cooperbench.ts";
import { lab1 } from "../owners.ts";

const [task] = readTasks().filter(({ image }) => image === "akhatua/cooperbench-go-chi:task26");
if (task === undefined) throw new Error("the manifest lacks the task that is tested");

let parent: string;
let r: Rehearsal;
let engine: Docker;

beforeAll(async () => {
  // The engine's sockets need a short path.
  parent = mkdtempSync(join(tmpdir(), "r-"));
  r = rehearsalAt(join(parent, "r"));
  engine = new Docker({ socketPath: join(r.dir, "docker.sock") });
  await startRehearsal(r, () => {});
}, 300_000);

afterAll(async () => {
  await removeRehearsal(r, () => {});
  rmSync(parent, { recursive: true, force: true });
}, 60_000);

test("a start leaves it ready", async () => {
  expect(await isReady(r)).toBe(true);
});

test("a second start changes nothing and says nothing", async () => {
  const state = () => [findProcesses(r.dir), statSync(r.imagesLock).mtimeMs, r.registryUrl()];
  const before = state();
  const lines: string[] = [];
  await startRehearsal(r, (line) => lines.push(line));
  expect(lines).toEqual([]);
  expect(state()).toEqual(before);
});

test("an image is pulled by its real name and its locked digest, and is at the locked commit", async () => {
  const locked = lock()[task.image];
  await pull(task.image);
  const image = await engine.getImage(task.image).inspect();
  expect(image.RepoDigests).toEqual([`${task.image.split(":")[0]}@${locked?.digest}`]);
  expect(image.Config.Entrypoint).toEqual(["/usr/local/bin/runner.sh"]);
  expect(await output(task.image, ["cat", "/workspace/repo/.git/HEAD"])).toBe(
    `${standInCommits(r.dir)[taskName(task)]}\n`,
  );
});

test("the oracle: gold passes, its control fails, and so does gold in another task's image", async () => {
  const source = join(parent, "clone");
  execFileSync("git", ["clone", "-q", r.sourceRepository, source]);
  const patches = join(source, "dataset", task.repo, `task${task.taskId}`, "feature1");
  expect(await exitCode(task.image, ["tests.patch", "feature.patch"], patches)).toBe(0);
  expect(await exitCode(task.image, ["tests.patch"], patches)).toBe(1);
  const another = readTasks().find(({ image }) => image !== task.image)?.image ?? "";
  await pull(another);
  expect(await exitCode(another, ["tests.patch", "feature.patch"], patches)).toBe(1);
});

test("the source is one commit of the pinned id, with the sdist's files and the dataset", () => {
  const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
  const source = join(parent, "source");
  git("clone", "-q", r.sourceRepository, source);
  expect(git("-C", source, "rev-parse", "HEAD")).toBe(SOURCE_COMMIT);
  for (const path of ["uv.lock", "pyproject.toml", "src/cooperbench/cli.py", "dataset/subsets/lite.json"])
    expect(existsSync(join(source, path))).toBe(true);
});

test("and is the commit of the release on PyPI, whose files it has", async () => {
  await putUvOnPath();
  const asked = { repository: r.sourceRepository, version: SDIST.version, owner: lab1 };
  expect(await commitOfVersion(asked, () => {})).toBe(SOURCE_COMMIT);
});

test("what no stand-in has is asked of no other registry", async () => {
  // A modern engine passes on what its mirror has answered, and not that Docker Hub is out of reach then.
  await expect(pull("akhatua/cooperbench-go-chi:task0")).rejects.toThrow(
    /registry-1\.docker\.io.*(unreachable|refused|no such host)|docker\.io\/akhatua\/cooperbench-go-chi:task0: not found/,
  );
});

test.each<[Fault, RegExp]>([
  ["no-repository", /No such file.*\nended with 1\n$/],
  ["wrong-commit", /^[0-9a-f]{40}\nended with 0\n$/],
  // By the limit; its code differs between kinds of timeout.
  ["hanging-head", /ended with (124|143)\b/],
])("a stand-in with the fault %s can be published beside the good one", async (fault, shown) => {
  const url = r.registryUrl() ?? "";
  const repository = task.image.split(":")[0] ?? "";
  const shared = await sharedLayers(await findTools(() => {}));
  const broken = await standIn(task, shared, { fault, reference: repository });
  const { digest } = await publishImage(url, broken.spec);
  expect(await publishedDigest(url, task.image)).not.toBe(digest);
  await pull(`${repository}@${digest}`);
  const said = await output(`${repository}@${digest}`, [
    "sh",
    "-c",
    "timeout 1 cat /workspace/repo/.git/HEAD; echo ended with $?",
  ]);
  expect(said).toMatch(shown);
  expect(said).not.toContain(broken.baseCommit);
  await removeImage(url, `${repository}@${digest}`);
  expect(await isReady(r)).toBe(true);
});

test("a start mends what was lost: an image, the commits, the source, the registry, the engine", async () => {
  const before = readFileSync(r.imagesLock, "utf8");
  const commits = standInCommits(r.dir);
  expect(Object.keys(commits)).toHaveLength(readTasks().length);
  await removeImage(r.registryUrl() ?? "", task.image);
  rmSync(join(r.dir, "CooperBench.git", "objects"), { recursive: true });
  rmSync(join(r.dir, COMMITS));
  expect(await isReady(r)).toBe(false);
  await startRehearsal(r, () => {});
  expect(await isReady(r)).toBe(true);
  // Killed, not ended, with a container that runs: nobody tidies up.
  await pull(task.image);
  await (await engine.createContainer({ Image: task.image, Entrypoint: ["sleep", "600"] })).start();
  for (const pid of findProcesses(r.dir)) process.kill(pid, "SIGKILL");
  expect(await isReady(r)).toBe(false);
  const both = await Promise.allSettled([startRehearsal(r, () => {}), startRehearsal(r, () => {})]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  expect(await isReady(r)).toBe(true);
  expect(readFileSync(r.imagesLock, "utf8")).toBe(before);
  expect(standInCommits(r.dir)).toEqual(commits);
}, 60_000);

test("a stop ends every process, and the next start goes on with its images and containers", async () => {
  await pull(task.image);
  const container = await engine.createContainer({ Image: task.image, Entrypoint: ["sleep", "600"] });
  await container.start();
  await stopRehearsal(r, () => {});
  expect(findProcesses(r.dir)).toEqual([]);
  expect(await isReady(r)).toBe(false);
  expect(existsSync(r.imagesLock)).toBe(true);

  const lines: string[] = [];
  await startRehearsal(r, (line) => lines.push(line));
  expect(lines.join("\n")).toContain("(0 made)");
  expect((await engine.getImage(task.image).inspect()).RepoTags).toContain(task.image);
  expect((await container.inspect()).State.Running).toBe(false);
  await container.remove();
}, 60_000);

test("a removal leaves no process, mount, control group or folder, even with a container that runs", async () => {
  await pull(task.image);
  const container = await engine.createContainer({ Image: task.image, Entrypoint: ["sleep", "600"] });
  await container.start();
  const { Pid: pid } = (await container.inspect()).State;
  const groups = () => execFileSync("find", ["/sys/fs/cgroup", "-name", group], { encoding: "utf8" });
  const group =
    /\/(cooperbench-rehearsal-[0-9a-f]+)\//.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
  expect(groups()).not.toBe("");
  const mountsOf = () =>
    readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(r.dir));

  await removeRehearsal(r, () => {});
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(findProcesses(r.dir)).toEqual([]);
  expect(mountsOf()).toEqual([]);
  expect(groups()).toBe("");
  expect(existsSync(r.dir)).toBe(false);
}, 60_000);

function lock(): Record<string, { digest: string }> {
  return JSON.parse(readFileSync(r.imagesLock, "utf8")).images;
}

async function pull(reference: string): Promise<void> {
  const stream = await engine.pull(reference);
  await new Promise<void>((resolve, reject) =>
    engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
}

/** Both streams of a command in a container of the image. */
async function output(image: string, command: string[]): Promise<string> {
  const container = await engine.createContainer({
    Image: image,
    Entrypoint: command,
    Tty: true,
    HostConfig: { NetworkMode: "none" },
  });
  await container.start();
  await container.wait();
  const logs = await container.logs({ stdout: true, stderr: true });
  await container.remove();
  return logs.toString().replaceAll("\r", "");
}

async function exitCode(image: string, command: string[], patches: string): Promise<number> {
  const container = await engine.createContainer({
    Image: image,
    Cmd: command,
    HostConfig: { NetworkMode: "none", Binds: [`${patches}:/patches:ro`] },
  });
  await container.start();
  const { StatusCode } = (await container.wait()) as { StatusCode: number };
  await container.remove();
  return StatusCode;
}
