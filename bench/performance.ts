/**
 * The figures of docs/performance.md, in one run: writes docs/performance.json, part by part, and draws
 * docs/pictures/performance.svg of it. Nothing else should be at work on the machine.
 *
 * Usage: ./machine exec node bench/performance.ts [debian | modern]… [commands | up | large | many]…
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readTasks, selectTasks } from "../benchmark/tasks.ts";
import { ENGINE_VARIABLE, type EngineName } from "../rehearsal/engine-choice.ts";
import { startRehearsal } from "../rehearsal/rehearsal.ts";
import { Lab } from "../tests/integration/lab.ts";
import { readyToolchain } from "../toolchain/toolchain.ts";
import { type Figures, performancePicture } from "./figure.ts";
import { projectWithTasks, removeProject } from "./many-tasks.ts";
import { inTurn, type Series, seconds, shown } from "./measure.ts";
import { PlainProgram } from "./plain-program.ts";

const projectDir = resolve(import.meta.dirname, "..");
const machine = join(projectDir, "machine");
const results = join(projectDir, "docs", "performance.json");
const picture = join(projectDir, "docs", "pictures", "performance.svg");
const images = selectTasks(readTasks(), "lite", []).tasks.map((task) => task.image);

const parts = { commands, up, large, many };
const engines = ["debian", "modern"] as const;
const given = process.argv.slice(2);
const chosen = <T extends string>(names: readonly T[]) => {
  const some = names.filter((name) => given.includes(name));
  return some.length > 0 ? some : names;
};

for (const engine of chosen(engines)) {
  process.env[ENGINE_VARIABLE] = engine;
  for (const part of chosen(Object.keys(parts) as (keyof typeof parts)[])) {
    // What the size of images decides is the same on both, and takes minutes.
    if (part === "large" && engine !== "debian") continue;
    const lab = new Lab();
    try {
      keep(engine, await parts[part](lab));
    } finally {
      await lab.close();
    }
  }
}

/** Commands on a machine that is as it should be. */
async function commands(lab: Lab): Promise<Partial<Figures>> {
  const plain = new PlainProgram(
    await readyToolchain({ projectDir, report: console.error, env: lab.env }),
    lab.env,
  );
  try {
    await plain.init();
    const stack = await lab.makeStack();
    await ran(lab, ["up", stack]);
    const ours = (...args: readonly string[]) => seconds(machine, args, lab.env, projectDir);
    return await inTurn(10, {
      help: () => ours("--help"),
      // It ends with 0 where the machine is ready alone.
      status: () => ours("status", stack),
      verify: () => ours("verify", stack),
      plain: () => plain.preview(),
      preview: () => ours("preview", stack, "--expect-no-changes"),
    });
  } finally {
    plain.close();
  }
}

/** An update with everything there but the images, 20 MB each, next to bare pulls and then bare probes. */
async function up(lab: Lab): Promise<Partial<Figures>> {
  const taken = await updates(lab, 20_000_000, 3);
  return { up: taken.up, bare: taken.bare };
}

/** The same with images of 250 MB, once each. */
async function large(lab: Lab): Promise<Partial<Figures>> {
  const taken = await updates(lab, 250_000_000, 1);
  return { upLarge: taken.up, bareLarge: taken.bare };
}

async function updates(lab: Lab, payloadBytes: number, rounds: number) {
  await startRehearsal(lab.rehearsal, console.error, { payloadBytes });
  const stack = await lab.makeStack();
  await ran(lab, ["up", stack]);
  const docker = (command: string) => {
    const script = `printf '%s\\n' ${images.join(" ")} | xargs -P 16 -I IMAGE docker ${command}`;
    return seconds("sh", ["-c", script], { ...lab.env, DOCKER_HOST: lab.rehearsal.dockerHost });
  };
  return inTurn(rounds, {
    up: async () => {
      await lab.removeImages();
      return seconds(machine, ["up", stack], lab.env, projectDir);
    },
    bare: async () => {
      await lab.removeImages();
      const pulls = await docker("pull -q IMAGE");
      const probe = "run --rm --network=none --cap-drop=ALL --entrypoint /bin/cat IMAGE";
      return pulls + (await docker(`${probe} /workspace/repo/.git/HEAD`));
    },
  });
}

/** Updates and previews of 26, 130 and 260 images, small ones. */
async function many(lab: Lab): Promise<Partial<Figures>> {
  const project = await projectWithTasks(10);
  const there = join(project, "machine");
  const stack = "many";
  const run = (...args: readonly string[]) => seconds(there, args, lab.env, project);
  try {
    await run("new", stack, "--rehearsal", lab.rehearsal.dir);
    await run("set", stack, "cooperbenchDir", lab.checkout, "coop", "false", "git", "false");
    const found: { images: number; up: number; preview: Series }[] = [];
    for (const numbers of [1, 5, 10]) {
      const copies = Array.from({ length: numbers }, (_, copy) => copy * 100_000);
      const tasks = selectTasks(readTasks(), "lite", []).tasks.flatMap(({ repo, taskId }) =>
        copies.map((copy) => `${repo}/${copy + taskId}`),
      );
      await run("set", stack, "tasks", ...tasks);
      const update = await run("up", stack);
      const { preview } = await inTurn(5, { preview: () => run("preview", stack, "--expect-no-changes") });
      found.push({ images: tasks.length, up: update, preview });
    }
    return { many: found };
  } finally {
    await run("remove", stack, "--yes").catch(console.error);
    removeProject(project);
  }
}

async function ran(lab: Lab, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await lab.machine(args);
  if (code !== 0) throw new Error(stdout + stderr);
}

function keep(engine: EngineName, figures: Partial<Figures>): void {
  const before = existsSync(results) ? JSON.parse(readFileSync(results, "utf8")) : {};
  const now = { ...before, [engine]: { ...before[engine], ...figures } };
  writeFileSync(results, `${JSON.stringify(now, null, 2)}\n`);
  writeFileSync(picture, performancePicture(now));
  for (const [name, one] of Object.entries(figures))
    console.log(`${engine}: ${name}: ${"median" in one ? shown(one) : JSON.stringify(one)}`);
}
