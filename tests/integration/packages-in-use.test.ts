import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NOBODY, ProjectCopy, until } from "./project-copy.ts";

let project: ProjectCopy;

beforeEach(() => {
  project = new ProjectCopy();
});
afterEach(() => project.close());

/** A command that needs the packages, and does nothing with them. */
const nothing = () => project.machine(["exec", "true"]);
const inProject = (...names: string[]) => join(project.root, ...names);

/** The command lines of all processes. */
function commandLines(): readonly string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return ""; // it has ended
      }
    });
}

describe("a command that runs", () => {
  test("keeps its packages and its Node when the lock file changes and another command comes", async () => {
    await nothing();
    const running = project.longCommand();
    await running.started;
    project.lock("2.0.0");
    const other = await nothing();
    expect(other.code).toBe(0);
    expect(other.stderr).toMatch(
      /^machine: package-lock.json has changed, and process \d+ \(.\/machine exec node\) still runs on the packages from before: /,
    );
    expect(project.installations).toBe(1);
    expect(await running.end()).toMatchObject({ code: 0, stdout: "started\nlate 1.0.0 42\n" });
    expect((await nothing()).stderr).toContain("installing");
    expect((await project.longCommand().end()).stdout).toContain("late 2.0.0");
  });

  test("keeps them when another one begins to install as it starts", async () => {
    await nothing();
    project.lock("2.0.0");
    const installing = project.start(inProject("machine"), ["exec", "true"], {
      env: { NPM_DOES: "sleep 1" },
    });
    await until(() => installing.printed.stderr.includes("installing"));
    const running = project.longCommand();
    expect((await installing.ended).code).toBe(0);
    await running.started;
    expect(await running.end()).toMatchObject({ code: 0, stdout: "started\nlate 2.0.0 42\n" });
    expect(project.installations).toBe(2);
  });

  test("is waited for by one that changes the machine, which says so", async () => {
    await nothing();
    const running = project.longCommand();
    await running.started;
    project.lock("2.0.0");
    const up = project.start(inProject("machine"), ["up"]); // without a stack: ends with the usage
    await until(() => up.printed.stderr.includes("Waiting"));
    expect(up.printed.stderr).toMatch(
      /process \d+ \(.\/machine exec node\). Waiting for them to end; Ctrl-C/,
    );
    expect(project.installations).toBe(1);
    expect((await running.end()).stdout).toContain("late 1.0.0 42");
    expect(await up.ended).toMatchObject({ code: 2 });
    expect(project.installations).toBe(2);
  });

  test("is not waited for by one that it has started itself", async () => {
    await nothing();
    const change = `sed -i.bak s/1.0.0/3.0.0/ package-lock.json && ./machine up`;
    const { code, stderr } = await project.machine(["exec", "sh", "-c", change], { cwd: project.root });
    expect(stderr).toContain("usage: ./machine up <STACK>");
    expect(code).toBe(2);
  });

  test("of another user, who may not write here, keeps them too", async () => {
    await nothing();
    // `plan --check` of a file that nobody writes to: a command that lasts.
    execFileSync("mkfifo", [inProject("hang")]);
    writeFileSync(
      inProject("cli", "plan.ts"),
      `await import("node:fs/promises").then((fs) => fs.readFile("${inProject("hang")}"));\n`,
    );
    const theirs = project.start(inProject("machine"), ["plan", "theirs"], { uid: NOBODY });
    await until(() =>
      commandLines().some((line) => line.includes(`${inProject("cli", "main.ts")} plan theirs`)),
    );
    project.lock("2.0.0");
    expect((await nothing()).stderr).toMatch(/process \d+ \(.\/machine plan theirs\) still runs/);
    expect(project.installations).toBe(1);
    writeFileSync(inProject("hang"), "");
    await theirs.ended;
    await nothing();
    expect(project.installations).toBe(2);
  });

  test("is waited for where it is Pulumi's own program, which plain pulumi starts as well", async () => {
    await nothing();
    const runner = inProject("node_modules", "@pulumi", "pulumi", "cmd", "run");
    const pulumi = project.start(process.execPath, ["-e", "process.stdin.resume()", "x", runner]);
    await until(() => commandLines().some((line) => line.includes(runner)));
    project.lock("2.0.0");
    expect((await nothing()).stderr).toMatch(/process \d+ \(pulumi\) still runs/);
    pulumi.child.stdin.end();
    await pulumi.ended;
    await nothing();
    expect(project.installations).toBe(2);
  });

  test("counts no more when it is gone, nor does another process that has its number by now", async () => {
    await nothing();
    const killed = project.longCommand();
    await killed.started;
    const uses = inProject(".packages", "uses");
    process.kill(killed.child.pid ?? 0, "SIGKILL");
    await killed.ended;
    expect(readdirSync(uses)).toContain(`${killed.child.pid}@${hostname()}`);
    writeFileSync(join(uses, `${process.pid}@${hostname()}`), "1 of another boot\n./machine up lab-1\n");
    project.lock("2.0.0");
    expect((await nothing()).stderr).toMatch(/^machine: installing this project's packages .*\n$/);
    expect(project.installations).toBe(2);
    expect(readdirSync(uses)).not.toContain(`${killed.child.pid}@${hostname()}`);
  });

  test("on another host counts for a day", async () => {
    await nothing();
    const file = inProject(".packages", "uses", "7@elsewhere");
    writeFileSync(file, "1 a\n./machine up lab-1\n");
    project.lock("2.0.0");
    expect((await nothing()).stderr).toContain(`on elsewhere; where that is gone, remove ${file}`);
    expect(project.installations).toBe(1);
    utimesSync(file, new Date(), new Date(Date.now() - 25 * 3_600_000));
    await nothing();
    expect(project.installations).toBe(2);
  });
});
