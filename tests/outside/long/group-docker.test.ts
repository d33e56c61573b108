/** A user who may speak to the engine, by the group of its socket, and may do nothing else that root may. */
import { chownSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Visitor } from "../visitor.ts";
import { OutsideWorld } from "../world.ts";

const [USER, DOCKER] = [4321, 4322];
let world: OutsideWorld;
let visitor: Visitor;
beforeAll(async () => {
  world = await OutsideWorld.make();
  chownSync(world.socket, 0, DOCKER);
  visitor = new Visitor(world, "home", USER, [DOCKER]);
});
afterAll(() => world.close());

const machine = (...args: readonly string[]) => visitor.machine(args);

test("takes a stack with default settings from new to a run's plan, and away again", async () => {
  const made = await visitor.machine(["new", "lab"], { COHERE_API_KEY: "key-of-a-test" });
  expect(made.stderr).toMatch(/official installation: done/);
  expect(made.code, made.stderr).toBe(0);
  visitor.configure("lab", { pythonVersion: ">=3.10" });
  const doctor = await machine("doctor", "lab");
  expect(doctor.stdout).toMatch(/ok +engine .*unix:\/\/\/var\/run\/docker\.sock \(by its usual socket\)/);
  expect(doctor.code, doctor.stdout).toBe(0);
  expect((await machine("lock", "lab")).stdout).toContain("32 images: 32 new");
  const up = await machine("up", "lab");
  expect(up.stdout + up.stderr).toContain("26/26 images verified (0 found, 26 pulled)");
  expect(up.code).toBe(0);
  const second = await machine("up", "lab");
  expect(second.stdout).toContain("26/26 images verified (26 found, 0 pulled); nothing changed");
  expect((await machine("preview", "lab", "--expect-no-changes")).code).toBe(0);
  expect((await machine("verify", "lab")).stdout).toContain("26/26 images verified");
  expect((await machine("status", "lab")).stdout).toMatch(/^Ready: .* 0 blockers$/m);
  expect((await machine("plan", "lab")).code).toBe(0);
  expect((await machine("destroy", "lab")).code).toBe(0);
}, 900_000);

test("does the same by plain pulumi", async () => {
  const plain = async (command: string) => {
    const script = `eval "$(./machine env lab)" && ${command}`;
    const { code, stdout, stderr } = await visitor.run(["sh", "-c", script]);
    expect(code, stdout + stderr).toBe(0);
    return stdout;
  };
  expect(await plain("pulumi up --yes --skip-preview && pulumi stack output verified")).toMatch(/^26\/26$/m);
  await plain("pulumi preview --expect-no-changes");
  expect(await plain("docker images -q | wc -l")).toMatch(/^26$/m);
  expect(await plain("pulumi destroy --yes --skip-preview")).toMatch(/\d+ deleted/);
});

test("without that group is told how to have it", async () => {
  const other = new Visitor(world, "other", USER + 2);
  const made = await other.machine(["new", "lab"], {
    COHERE_API_KEY: "key-of-a-test",
  });
  expect(made.code, made.stderr).toBe(0);
  const { code, stderr } = await other.machine(["up", "lab"]);
  expect(stderr).toMatch(/BLOCKER +engine .*\/var\/run\/docker\.sock/);
  expect(stderr).toMatch(/docker/);
  expect(code).toBe(1);
});
