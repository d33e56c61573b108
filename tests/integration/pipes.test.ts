import { afterAll, beforeAll, expect, test } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { Lab } from "./lab.ts";
import { Project } from "./project.ts";

const lab = new Lab();
let stack: string;
beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  stack = await lab.makeStack({ tasks: ["go_chi_task"] });
});
afterAll(() => lab.close());

/** Runs a line of bash, and gives the exit code of its `./machine`. */
async function codeOf(line: string): Promise<string> {
  const { stdout, stderr } = await lab.run("bash", ["-c", `${line}; echo code $PIPESTATUS`]);
  expect(stderr).not.toMatch(/EPIPE|ENOSPC|^ +at /m);
  return /code (\d+)/.exec(stdout)?.[1] ?? "none";
}

test("an update goes on where its reader goes away, or the disk of its log is full", async () => {
  expect(await codeOf(`./machine up ${stack} 2>&1 | head -1`)).toBe("0");
  expect(await codeOf(`./machine up ${stack} > /dev/full 2> /dev/full`)).toBe("0");
  const { stdout } = await lab.machine(["preview", stack, "--expect-no-changes"]);
  expect(stdout).toContain("Done: nothing differs\n");
}, 600_000);

test("settings can be set in a fresh clone, before anything was brought up", async () => {
  const project = new Project(lab, "fresh");
  const env = { XDG_DATA_HOME: `${lab.folder}/fresh-data` };
  const set = await project.machine(["pulumi", "config", "set", "oracleTasks", "5", "--stack", "dev"], env);
  expect(set, set.stderr).toMatchObject({ code: 0 });
  const got = await project.machine(["pulumi", "config", "get", "oracleTasks", "--stack", "dev"], env);
  expect(got.stdout).toBe("5\n");
});
