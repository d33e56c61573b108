import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { blocker, type Finding, ok, warning } from "../../../checks/finding.ts";
import { defaultStack } from "../../../cli/default-stack.ts";
import { countFindings, findingLines, firstFix, oneLine } from "../../../cli/findings.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const findings = [
  ok("uv", "it is there"),
  warning("clock", "late", { advice: "set it" }),
  blocker("git", "none", [{ command: ["a", "b c"] }, { command: ["d"], when: "to do it" }]),
];

test("findings are in columns, remedies below what is not well", () => {
  expect(findingLines(findings, false)).toEqual([
    "ok       uv     it is there",
    "warning  clock  late",
    "                Fix: set it",
    "BLOCKER  git    none",
    "                Fix: a 'b c'",
    "                Fix: to do it:",
    "                  d",
  ]);
});

test("colour changes the marks alone", () => {
  const codes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
  const lines = findingLines(findings, true);
  expect(lines.map((line) => line.replaceAll(codes, ""))).toEqual(findingLines(findings, false));
  expect(lines.join("\n").match(codes)).toHaveLength(6);
});

test("what comes next is the fix of the first that is in the way, and no choice that depends", () => {
  const [, , choice] = findings as unknown as [unknown, unknown, Finding];
  expect(firstFix([choice])).toEqual({ command: ["a", "b c"] });
  const one = { command: ["d"], when: "to do it" };
  expect(firstFix([blocker("git", "none", one), choice])).toEqual(one);
  expect(firstFix([blocker("git", "none", [one, { ...one, when: "or so" }])])).toEqual({
    advice: "do what the Fix of git says",
  });
  expect(firstFix([])).toBeUndefined();
});

test("a finding is one line of a log, and each is counted", () => {
  expect(findings.map(oneLine)).toEqual([
    "ok: uv: it is there",
    "warning: clock: late. Fix: set it",
    "BLOCKER: git: none. Fix: a 'b c'; or to do it: d",
  ]);
  expect(countFindings(findings)).toEqual({ ok: 1, warnings: 1, blockers: 1 });
});

describe("a command that names no stack", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder("stacks-");
    writeFileSync(join(folder, "Pulumi.yaml"), "");
  });
  const add = (stack: string) => writeFileSync(join(folder, `Pulumi.${stack}.yaml`), "");

  test("is on PULUMI_STACK, else on the only one", () => {
    add("dev");
    expect(defaultStack({ projectDir: folder, env: { PULUMI_STACK: "lab" } })).toBe("lab");
    expect(defaultStack({ projectDir: folder, env: {} })).toBe("dev");
    expect(() => defaultStack({ projectDir: folder, env: { PULUMI_STACK: ".." } })).toThrow(
      /PULUMI_STACK is "\.\.", which is no stack; want .*\nFix: .*\n {2}unset PULUMI_STACK/,
    );
  });

  test("is told the stacks where there are several, or how to make one", () => {
    expect(() => defaultStack({ projectDir: folder, env: {} })).toThrow(/Fix: \.\/machine new STACK/);
    add("lab");
    add("dev");
    expect(() => defaultStack({ projectDir: folder, env: {} })).toThrow(/Fix: name one of dev, lab/);
  });
});
