import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { MARK } from "../../../benchmark/stand-ins.ts";
import { liveUsers, told } from "../../../cli/rehearsal-users.ts";
import { leaveRehearsals, usedBefore } from "../../../cli/used-rehearsals.ts";
import { rehearsalAt } from "../../../rehearsal/rehearsal.ts";
import { addUser, type RehearsalUser, readUsers, removeUser } from "../../../rehearsal/users.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("users-");
});

describe("the users of a rehearsal", () => {
  const project = () => join(folder, "project");
  const state = () => join(folder, "state", ".pulumi", "stacks", "cooperbench-machine");
  const user = (more: Partial<RehearsalUser> = {}): RehearsalUser => ({
    id: "an-id",
    stack: "mine",
    projectDir: project(),
    backend: `file://${folder}/state`,
    user: "ann",
    ...more,
  });
  const rehearsal = () => rehearsalAt(folder);
  const resources = (...resources: object[]) => JSON.stringify({ checkpoint: { latest: { resources } } });
  beforeEach(() => {
    mkdirSync(project());
    mkdirSync(state(), { recursive: true });
    writeFileSync(join(project(), "Pulumi.yaml"), "name: cooperbench-machine\nconfig: {}\n");
    writeFileSync(join(project(), "Pulumi.mine.yaml"), "config:\n  cooperbench-machine:stackId: an-id\n");
    writeFileSync(join(state(), "mine.json"), resources({ type: "x" }));
    addUser(folder, user());
  });

  test("are those whose note can be read", () => {
    for (const [name, text] of [
      ["null", "null"],
      ["cut", "{"],
      ["other", "[1]"],
    ])
      writeFileSync(join(folder, "users", `${name}.json`), text ?? "");
    expect(liveUsers(rehearsal())).toEqual([user()]);
  });

  test("are noted once each, by id, and forgotten", () => {
    addUser(folder, user({ stack: "renamed" }));
    expect(readUsers(folder)).toEqual([user({ stack: "renamed" })]);
    addUser(folder, user({ projectDir: "/elsewhere" }));
    expect(readUsers(folder)).toHaveLength(2);
    removeUser(folder, user());
    expect(readUsers(folder)).toEqual([user({ projectDir: "/elsewhere" })]);
  });

  test("count while their folder has them and their state has something", () => {
    expect(liveUsers(rehearsal()).map(told)).toEqual([`stack mine of ${project()} (ann)`]);
    writeFileSync(join(state(), "mine.json"), resources());
    expect(liveUsers(rehearsal()), "at its first update").toHaveLength(1);
    const history = join(folder, "state", ".pulumi", "history", "cooperbench-machine", "mine");
    mkdirSync(history, { recursive: true });
    writeFileSync(join(history, "mine-1.history.json"), '{"kind":"update"}');
    expect(liveUsers(rehearsal()), "destroyed").toEqual([]);
  });

  test("count by another name, and not without the stack or the folder", () => {
    const settings = readFileSync(join(project(), "Pulumi.mine.yaml"), "utf8");
    rmSync(join(project(), "Pulumi.mine.yaml"));
    expect(liveUsers(rehearsal())).toEqual([]);
    writeFileSync(join(project(), "Pulumi.renamed.yaml"), settings);
    writeFileSync(join(state(), "renamed.json"), resources({ type: "x" }));
    expect(liveUsers(rehearsal())).toHaveLength(1);
    rmSync(project(), { recursive: true });
    expect(liveUsers(rehearsal())).toEqual([]);
  });

  test("count where their state cannot be asked at once, or be read", () => {
    writeFileSync(join(state(), "mine.json"), "{");
    expect(liveUsers(rehearsal())).toHaveLength(1);
    removeUser(folder, user());
    addUser(folder, user({ backend: "s3://bucket" }));
    expect(liveUsers(rehearsal())).toHaveLength(1);
  });

  test("one that the settings name no more is found by the state's engine, or by another setting, and named with what removes it", () => {
    writeFileSync(join(folder, MARK), "{}");
    const said: string[] = [];
    const output = { say: (line: string) => said.push(line) };
    const at = { user: user(), configuration: {}, hosts: [], rehearsal: undefined };
    const imagesLock = join(folder, "images.lock.json");
    expect(usedBefore(at)).toEqual([]);
    expect(usedBefore({ ...at, hosts: [rehearsal().dockerHost], rehearsal: rehearsal() })).toEqual([]);
    expect(usedBefore({ ...at, user: user({ id: "x", stack: "x" }), configuration: { imagesLock } })).toEqual(
      [],
    );
    expect(usedBefore({ ...at, configuration: { imagesLock } })).toMatchObject([{ dir: folder }]);
    const found = usedBefore({ ...at, hosts: [rehearsal().dockerHost] });
    expect(found).toMatchObject([{ dir: folder }]);

    leaveRehearsals(found, user(), output);
    expect(readUsers(folder)).toEqual([]);
    expect(said).toEqual([
      expect.stringMatching(/used, stays .* no stack uses it\nFix: \.\/machine rehearsal remove \S+$/),
    ]);
  });
});
