/**
 * What Docker Hub and its CDN may do to a lock and to an update. The limit's headers and words are those of Docker's
 * documents, and no answer of its own: see DockerHub.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CDN } from "../docker-hub.ts";
import { Visitor } from "../visitor.ts";
import { hangingUp } from "../web.ts";
import { OutsideWorld } from "../world.ts";

let world: OutsideWorld;
let visitor: Visitor;
let engine: Docker;
beforeAll(async () => {
  world = await OutsideWorld.make({ payloadBytes: 200_000 });
  visitor = new Visitor(world, "home");
  engine = new Docker({ socketPath: world.socket });
  const { code, stderr } = await visitor.machine(["new", "lab"], { COHERE_API_KEY: "key-of-a-test" });
  expect(code, stderr).toBe(0);
  visitor.configure("lab", { pythonVersion: ">=3.10" });
});
afterAll(() => world.close());

const machine = (...args: readonly string[]) => visitor.machine(args);
const visits = (host: string, from: number) =>
  world.web.visits.slice(from).filter((visit) => visit.host === host);
const hub = "registry-1.docker.io";
/** The moment that a text has, in hours from now. */
const hoursUntil = (text: string) =>
  (Date.parse(/20\d\d-[\d-]+T[\d:.]+Z/.exec(text)?.[0] ?? "") - Date.now()) / 3_600_000;

beforeEach(() => {
  world.faults.reset();
  Object.assign(world.hub, { limit: 1000, pulls: 0, tokenSeconds: 300 });
});

describe("a limit of 10 pulls", () => {
  test("lets lock have ten images, says when there are more, and is asked for no more", async () => {
    world.hub.limit = 10;
    const { code, stdout } = await machine("lock", "lab");
    expect(stdout).toContain("32 images: 10 new, 22 failed; written: manifest/images.lock.json");
    expect(stdout).toContain("registry-1.docker.io has reached its rate limit");
    const [refused = ""] = /wait until .*/.exec(stdout) ?? [];
    expect(hoursUntil(refused)).toBeCloseTo(6, 1);
    expect(code).toBe(1);
    expect(world.web.visits.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(6);
    world.hub.pulls = 0;
    world.hub.limit = 1000;
    const again = await machine("lock", "lab");
    expect(again.stdout).toContain("32 images: 10 as locked, 22 new");
    expect(world.hub.pulls).toBe(22);
  });

  test("gives an update ten images, which says when there are more, and stops there", async () => {
    world.hub.limit = 10;
    const from = world.web.visits.length;
    const { code, stdout, stderr } = await machine("up", "lab");
    expect(stderr).toMatch(/quota: 10 of 10 pulls in 6 hours are left for 203\.0\.113\.7, 26 needed/);
    expect(stdout).toContain("10/26 images verified (0 found, 10 pulled)");
    expect(stdout).not.toContain("again in");
    const [refused = ""] = /failed: .*rate limit is reached .*/.exec(stdout) ?? [];
    expect(refused).toMatch(/the rate limit resets by/);
    expect(hoursUntil(refused)).toBeCloseTo(6, 1);
    expect(code).toBe(1);
    expect(visits(hub, from).filter(({ status }) => status === 429).length).toBeLessThanOrEqual(6);
    const doctor = await machine("doctor", "lab");
    expect(doctor.stdout).toMatch(/warning +quota +0 of 10 pulls in 6 hours are left .*, 16 needed/);
    world.hub.limit = 1000;
    const again = await machine("up", "lab");
    expect(again.stdout).toContain("26/26 images verified (10 found, 16 pulled)");
    expect(again.code).toBe(0);
  });
});

describe("with three images,", () => {
  const tasks = ["go_chi_task/26", "go_chi_task/27", "go_chi_task/56"];
  beforeAll(() => visitor.configure("lab", { tasks: ["go_chi_task"], pullStallSeconds: 5 }));
  beforeEach(async () => {
    for (const { Id } of await engine.listImages()) await engine.getImage(Id).remove({ force: true });
  });

  test("a token that expires while lock is at work is renewed", async () => {
    rmSync(join(visitor.project, "manifest", "images.lock.json"), { force: true });
    world.hub.tokenSeconds = 2;
    world.faults.fail(/manifests/, 99, { slowly: 2500 });
    const from = world.web.visits.length;
    const { code, stdout } = await machine("lock", "lab");
    expect(stdout).toContain("32 images: 32 new");
    expect(code).toBe(0);
    const repositories = new Set(
      visits(hub, from).map(({ path }) => path.replace(/\/manifests\/.*|\/blobs\/.*/, "")),
    );
    expect(visits("auth.docker.io", from).length).toBeGreaterThan(repositories.size);
  });

  test("a token that expires in the middle of a pull is renewed", async () => {
    world.hub.tokenSeconds = 3;
    world.faults.fail(/blobs/, 99, { slowly: 400 });
    const from = world.web.visits.length;
    const { code, stdout } = await machine("up", "lab");
    expect(stdout).toContain("3/3 images verified (0 found, 3 pulled)");
    expect(code).toBe(0);
    expect(visits("auth.docker.io", from).length).toBeGreaterThan(tasks.length + 1);
  });

  test("a CDN that is slow is left alone", async () => {
    world.faults.fail(/blobs/, 99, { slowly: 200 });
    const { code, stdout } = await machine("up", "lab");
    expect(stdout).toContain("3/3 images verified (0 found, 3 pulled)");
    expect(stdout).not.toContain("again in");
    expect(code).toBe(0);
  });

  test("a CDN that cuts layers in their middle gives them again", async () => {
    world.faults.fail(/blobs/, 4, { after: 100_000, ends: "cut" });
    const { code, stdout } = await machine("up", "lab");
    expect(stdout).toContain("3/3 images verified (0 found, 3 pulled)");
    expect(code).toBe(0);
  });

  test("a CDN that stalls, with whatever it was sending, is asked again within the limit", async () => {
    world.faults.fail(/blobs/, 12, { after: 200, ends: "stall" });
    const { code, stdout } = await machine("up", "lab");
    expect(stdout).toMatch(/the pull stalled \(no byte and no extraction for 5 s\).*again in/);
    expect(stdout).toContain("3/3 images verified (0 found, 3 pulled)");
    expect(code).toBe(0);
  });

  test("a CDN that is down for a while is asked until it is back", async () => {
    const back = setTimeout(() => world.faults.reset(), 12_000);
    world.faults.fail(/blobs/, 999, { status: 503 });
    const { code, stdout } = await machine("up", "lab");
    clearTimeout(back);
    expect(stdout).toContain("3/3 images verified (0 found, 3 pulled)");
    expect(code).toBe(0);
  });

  test("a CDN that hangs up on everybody is named at last", async () => {
    const { code, stdout } = await world.web.during(CDN, hangingUp, () => machine("up", "lab"));
    expect(code).toBe(1);
    expect(stdout).toContain("0/3 images verified");
    // Equal failures are one line, with the names of all.
    const failed = stdout
      .split("\n")
      .filter((line) => line.startsWith("failed: "))
      .join("\n");
    expect(failed).toMatch(/could not be pulled: .*the engine cannot reach the registry/);
    for (const task of tasks) expect(failed).toContain(task);
  });
});
