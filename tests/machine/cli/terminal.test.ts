import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { environmentFor } from "../../../lib/environment.ts";
import { run } from "../../../lib/run.ts";

const cli = join(import.meta.dirname, "../../../cli");
const folder = mkdtempSync(join(tmpdir(), "terminal-"));
afterAll(() => rmSync(folder, { recursive: true }));
let runs = 0;

/** Runs a command of this project in a shell's line, of which it is `command`. Gives its exit code and what is read. */
async function piped(source: string, line: string) {
  runs += 1;
  const file = join(folder, `${runs}.ts`);
  writeFileSync(file, source.replaceAll("DONE", `${file}.done`));
  const command = `{ ${process.execPath} ${file}; echo $? > ${file}.code; }`;
  const { stdout, stderr } = await run("bash", ["-c", line.replace("command", command)], {
    env: environmentFor("program"),
  });
  const code = await vi.waitFor(
    () => /\d+/.exec(readFileSync(`${file}.code`, "utf8"))?.[0] ?? expect.fail(),
    20_000,
  );
  return { code, isDone: existsSync(`${file}.done`), stdout, stderr };
}

/** Work that goes on for a while after it has printed, and has an exit code of its own. */
const printing = `
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Output } from "${cli}/terminal.ts";
const output = new Output();
for (let at = 0; at < 20; at += 1) {
  output.print("x".repeat(10_000) + "\\n");
  output.report("y".repeat(100));
  await sleep(5);
}
writeFileSync("DONE", "");
process.exitCode = 3;
`;

/** The same by a program that stands for Pulumi, and whose own words are shown. */
const showing = (isByEvents: boolean) => `
import { writeFileSync } from "node:fs";
import { operate } from "${cli}/operation.ts";
import { Output } from "${cli}/terminal.ts";
import { showPulumi } from "${cli}/pulumi.ts";
const lines = "for i in $(seq 200); do echo $i$i$i$i$i$i$i$i$i$i$i$i$i$i$i$i; echo $i >&2; done; sleep 0.1; echo x; echo x >&2; touch DONE; exit 3";
writeFileSync("DONE.sh", "#!/bin/sh\\n" + lines, { mode: 0o755 });
const pulumi = { file: "DONE.sh", projectDir: "/", env: process.env };
const stack = { stack: "lab", configuration: {}, projectDir: "/", env: { XDG_DATA_HOME: "${folder}" }, isRehearsal: false };
const opened = { ...stack, pulumi, output: new Output() };
const asked = { tasks: [], missing: [], off: [], args: [], options: ["--diff"] };
process.exitCode = ${isByEvents} ? (await operate(opened, "up", asked)).code : await showPulumi(opened, []);
`;

const readers = [
  "command | head -1",
  "command 2>&1 | head -1",
  "command 2>&1 | true",
  "command 2> >(true)",
  "command > /dev/full",
  "command > /dev/full 2>&1",
  "command >&- 2>&-",
  // A terminal that is closed, and that the command does not end with.
  `python3 -c 'import os,pty,time
pid, terminal = pty.fork()
if pid == 0: os.execlp("bash", "bash", "-c", "trap \\"\\" HUP; echo trapped; command")
os.read(terminal, 1)
time.sleep(0.2)' >/dev/null`,
];

describe.concurrent("where nobody takes its words", () => {
  test.each(readers)("work goes on to its own exit code: %s", async (line) => {
    const { code, isDone, stderr } = await piped(printing, line);
    expect(stderr).not.toMatch(/[^ys\d\s.]/);
    expect([code, isDone]).toEqual(["3", true]);
  });

  test.each(readers.filter((_, at) => at % 2 === 1))("so does Pulumi's: %s", async (line) => {
    const ends = await Promise.all([piped(showing(true), line), piped(showing(false), line)]);
    expect(ends.map(({ code, isDone }) => [code, isDone])).toEqual([
      ["3", true],
      ["3", true],
    ]);
  });
});

describe("where what is printed is the work", () => {
  const root = join(cli, "..");
  /** Runs a command of ./machine in a line of bash. */
  const machine = (command: string, line: string) =>
    run("bash", ["-c", line.replace("command", `${process.execPath} ${cli}/main.ts ${command}`)], {
      cwd: root,
      env: environmentFor("program"),
    });

  test.each(["status --help", "pulumi version"])(
    "a disk that is full is a failure, told in one line: %s",
    async (command) => {
      const { code, stderr } = await machine(command, "command > /dev/full");
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/(^|\n)machine: part of the output could not be printed: ENOSPC.*\n$/),
      ]);
    },
  );

  test("so is a terminal that does not take it", async () => {
    const closed = `python3 -c 'import os,pty,subprocess,sys
master, slave = pty.openpty()
os.close(master)
sys.exit(subprocess.call(sys.argv[1:], stdout=slave))' command`;
    const { code, stderr } = await machine("status --help", closed);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^machine: part of the output could not be printed: EIO.*\n$/),
    ]);
  });

  test("a reader that has gone away is none", async () => {
    const { stdout, stderr } = await machine("status --help", "command | true; echo $PIPESTATUS");
    expect([stdout, stderr]).toEqual(["0\n", ""]);
  });
});

test("what Pulumi prints arrives whole where somebody reads it", async () => {
  const { stdout, stderr } = await piped(showing(false), "command");
  expect([stdout.split("\n").length, stderr.split("\n").length]).toEqual([202, 202]);
});
