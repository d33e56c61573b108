import { expect, test } from "vitest";
import { BriefDisplay } from "../../../cli/display.ts";
import { recordedOutput } from "../../caller.ts";

/** What is left of a text. */
function shown(text: string): string {
  const display = new BriefDisplay();
  const lines = text.split("\n").flatMap((line) => display.take(line).lines);
  return [...lines, ...display.end()].join("\n");
}

test("what was done is shown, in colour too", () => {
  const done = " +  docker:index:RemoteImage go-chi-task26 created (0.50s) ";
  expect(shown(done)).toBe(done);
  const coloured = `\u001b[32m${done}\u001b[0m`;
  expect(shown(coloured)).toBe(coloured);
});

test.each([
  "@ updating.....",
  " ~  docker:index:RemoteImage go-chi-task26 refreshing (0s)",
  "    docker:index:RemoteImage go-chi-task26 ",
  " +  command:local:Command go-chi-task26-probe creating (0s)",
  " ++ command:local:Command go-chi-task26-probe creating replacement (0s) [diff: ~triggers]; error: exit status 1: running",
  " +  pulumi:pulumi:Stack cooperbench-machine-dev creating (0s) error: Running program '/p/index.ts' failed with an unhandled exception:",
  '    pulumi:pulumi:Stack cooperbench-machine-dev running error: Error: error serializing property "triggers": resource a [b:c/d:E] failed to register',
  "\u001b[1m@ updating.....\u001b[0m",
])("%j says nothing", (line) => expect(shown(line)).toBe(""));

test("how far the pulls are is no line, but what it says", () => {
  const line =
    " +  cooperbench:images:BenchmarkImages images creating (12s) 9/26 verified; pulling: 3.1 GB of 24.9 GB, 85 MB/s, 4m 16s left";
  expect(new BriefDisplay().take(line)).toEqual({
    lines: [],
    progress: "9/26 verified; pulling: 3.1 GB of 24.9 GB, 85 MB/s, 4m 16s left",
  });
});

const failure = `Diagnostics:
  command:local:Command (go-chi-task26-probe):
    error: it failed
`;
const echo = `  pulumi:pulumi:Stack (cooperbench-machine-dev):
    error: Running program '/p/index.ts' failed with an unhandled exception:
    Error: resource go-chi-task26-probe [command:local:Command] failed to register
        at resource.js:619:32
    error: Error: error serializing property "triggers": resource a [b:c/d:E] failed to register
`;

test("the program's own diagnostics are left out where they repeat what failed", () => {
  expect(shown(`${failure}\n${echo}\nResources:`)).toBe(`${failure}\nResources:`);
  expect(shown(`${failure}\n${echo}`)).toBe(`${failure}`);
});

test("the program's own diagnostics are shown where they say more", () => {
  const text = `${failure}\n${echo}    error: TypeError: x is not a function\n\nResources:`;
  expect(shown(text)).toBe(text);
  const warning = "  pulumi:pulumi:Stack (cooperbench-machine-dev):\n    warning: mind the gap\n";
  expect(shown(warning)).toBe(warning);
});

function terminal(isTTY: boolean) {
  let now = 0;
  const { output, printed } = recordedOutput({ isTTY, columns: 20 }, () => now);
  return {
    status: output.statusTerminal(),
    printed,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("at a terminal the status is drawn again under each line, cut to the width, and gone at the end", () => {
  const { status, printed } = terminal(true);
  status.status("9/26 verified; pulling");
  expect(printed()).toBe("\r\u001b[K9/26 verified; pull");
  status.print(["created"]);
  expect(printed()).toBe("\r\u001b[Kcreated\n9/26 verified; pull");
  status.status("");
  expect(printed()).toBe("\r\u001b[K");
  status.print([]);
  expect(printed()).toBe("");
});

test("in a log the status is a line every ten seconds", () => {
  const { status, printed, pass } = terminal(false);
  status.status("one");
  pass(9_999);
  status.status("two");
  status.print(["created"]);
  pass(1);
  status.status("three");
  status.status("");
  expect(printed()).toBe("one\ncreated\nthree\n");
});
