import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { readTasks, taskName } from "../../../benchmark/tasks.ts";
import { findOnPath } from "../../../lib/find-program.ts";
import { Problem } from "../../../lib/problem.ts";
import { checkKinds, runOracles } from "../../../provision/steps/oracle.ts";
import { probe } from "../../../provision/steps/probe.ts";
import { taskFolder } from "../../../provision/steps/task-dataset.ts";
import type { Lab } from "../lab.ts";
import { makeOddImages, type OddImage } from "./odd-images.ts";

const TASK = "go_chi_task/26";

/** What this project and CooperBench make of an image. */
export interface Verdicts {
  /** What probe and oracle have against it; none where it is good. */
  readonly ours: readonly string[];
  /** What keeps agents and evaluations from their work in it; none where nothing does. */
  readonly theirs: readonly string[];
}

/** Has both judge images over a task's stand-in, on an engine and with an environment that are made for it. */
export async function judgeOddImages(
  lab: Lab,
  images: Readonly<Record<string, OddImage>>,
): Promise<ReadonlyMap<string, Verdicts>> {
  const stack = await lab.makeStack({ tasks: [TASK] });
  const { code, stderr, stdout } = await lab.machine(["up", stack]);
  if (code !== 0) throw new Error(stdout + stderr);
  const task = readTasks().find((one) => taskName(one) === TASK);
  if (task === undefined) throw new Error(`there is no task ${TASK}`);
  const { dockerHost } = lab.rehearsal;
  const env: NodeJS.ProcessEnv = { ...lab.env, DOCKER_HOST: dockerHost };
  const client = findOnPath("docker", env.PATH ?? "") as string; // the rehearsal has a link to its own
  const made = await makeOddImages(client, env, task.image, images);
  const baseCommit = await commitIn(lab, task.image);

  // One after the other: CooperBench's containers have no names, and what is left of them is removed by that.
  const theirs = await theirVerdicts(lab, client, { images: [...made.values()], ...task, baseCommit });
  const probed = new Map<string, readonly string[]>();
  for (const image of made.values()) {
    const wanted = { dockerHost, image, baseCommit, container: "odd-probe", stack, timeoutSeconds: 60 };
    probed.set(
      image,
      await probe(wanted).then(
        () => [],
        (error: Error) => [error.message],
      ),
    );
  }
  const reports = await runOracles(
    [...made.values()].map((image) => ({
      image,
      folder: taskFolder(lab.checkout, task),
      feature: 1,
      container: "odd-oracle",
    })),
    {
      ...{ dockerHost, stack, checkout: lab.checkout },
      ...{ atOnce: 2, timeoutSeconds: 30, memoryBytes: 2 ** 31 },
    },
  );
  return new Map(
    [...made].map(([name, image], index) => {
      const report = reports[index];
      const oracled =
        report === undefined || report instanceof Problem
          ? [report?.message ?? "no report"]
          : checkKinds.flatMap((kind) => report.checks[kind].problem ?? report.checks[kind].skipped ?? []);
      return [
        name,
        { ours: [...(probed.get(image) ?? []), ...oracled], theirs: theirs.get(image) ?? ["no word"] },
      ];
    }),
  );
}

/** The commit that an image's repository is at. */
async function commitIn(lab: Lab, image: string): Promise<string> {
  const container = await lab.engine.createContainer({
    Image: image,
    Entrypoint: ["/bin/cat"],
    Cmd: ["/workspace/repo/.git/HEAD"],
    Tty: true,
  });
  const stream = await container.attach({ stream: true, stdout: true });
  await container.start();
  await container.wait();
  const said = await text(stream);
  await container.remove();
  return said.trim();
}

async function theirVerdicts(
  lab: Lab,
  client: string,
  request: unknown,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const child = spawn(
    join(lab.checkout, ".venv", "bin", "python"),
    [resolve(import.meta.dirname, "theirs.py")],
    {
      cwd: lab.checkout,
      env: {
        ...lab.env,
        DOCKER_HOST: lab.rehearsal.dockerHost,
        MSWEA_DOCKER_EXECUTABLE: client,
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
      },
      stdio: ["pipe", "pipe", "ignore"],
    },
  );
  child.stdin.end(JSON.stringify(request));
  const lines = (await text(child.stdout)).split("\n").filter((line) => line.startsWith("{"));
  return new Map(
    lines.map((line) => {
      const { image, ...verdicts } = JSON.parse(line) as { image: string } & Record<string, string | null>;
      const faults = Object.entries(verdicts).flatMap(([by, fault]) =>
        fault === null ? [] : [`${by}: ${fault}`],
      );
      return [image, faults];
    }),
  );
}
