import { expect, test } from "vitest";
import { blocker } from "../../../../checks/finding.ts";
import type { Mark } from "../../../../checks/status/checks.ts";
import { reportPage } from "../../../../checks/status/page.ts";
import { checksOf, imageOf, machineStatusOf, passedOracle } from "../../../machine-status.ts";

const odd = `<script>alert("&'")</script>`;

test("the page has every image with its digest and its base commit", () => {
  const status = machineStatusOf();
  const page = reportPage(status);
  for (const { reference, digest, baseCommit } of status.images)
    for (const part of [reference, digest?.split("@")[1], baseCommit]) expect(page).toContain(part);
  expect(page).toContain("ready for a run");
});

test("what is odd in a name, a fault or a setting is text, wherever it is shown", () => {
  const page = reportPage(
    machineStatusOf({
      ...{ stack: odd, model: odd, configuration: { [odd]: odd }, environment: { [odd]: odd } },
      checks: checksOf(blocker("route", odd, [{ advice: odd }, { command: [odd], when: odd }])),
      images: [
        imageOf(odd, {
          reference: odd,
          digest: odd,
          platform: odd,
          state: "failed",
          fault: odd,
          changedFiles: 1,
        }),
      ],
      commands: [{ command: "verify", at: odd, isPassed: false, found: odd }],
      versions: [{ name: odd, version: odd, from: odd }],
      machine: { name: odd, system: odd, kernel: odd, cores: 1, memoryBytes: 1 },
    }),
  );
  expect(page).not.toContain("<script");
  // An attribute that it could leave, too, is none of what is given.
  expect(page).not.toContain(`alert("`);
  expect(page.split("&lt;script&gt;").length).toBeGreaterThan(15);
});

test.each([
  ["ok", "✓", "holds"],
  ["warning", "!", "holds, with a warning"],
  ["blocker", "✕", "does not hold"],
  ["off", "–", "not asked for"],
] as const)("a link that is %s has a sign and words of its own", (level: Mark, sign, words) => {
  const page = reportPage(
    machineStatusOf({ checks: checksOf({ check: "route", level, found: "so it is", remedies: [] }) }),
  );
  const link = page.slice(page.indexOf("<h3>route"), page.indexOf("<h3>plan"));
  expect(link).toContain(`aria-hidden="true">${sign}<`);
  expect(link).toContain(`>${words}<`);
  expect(link).toContain(">so it is<");
});

test("a rehearsal is said to be one before anything else", () => {
  const text = (page: string) =>
    page
      .slice(page.indexOf("<body>"))
      .replace(/<[^>]*>/g, "")
      .trim();
  expect(text(reportPage(machineStatusOf({ isRehearsal: true })))).toMatch(/^This is a rehearsal\./);
  expect(reportPage(machineStatusOf())).not.toContain("This is a rehearsal");
});

test("what commands have found has its times, and the oracle's own findings are counted", () => {
  const page = reportPage(
    machineStatusOf({
      commands: [{ command: "demo", at: "2026-01-03T01:00:00.5Z", isPassed: true, found: "solo 5/5" }],
      images: [imageOf("a_task/1", { oracle: passedOracle }), imageOf("a_task/2")],
    }),
  );
  expect(page).toMatch(/>demo<.*\n.*solo 5\/5<.*2026-01-03 01:00:00 UTC/);
  expect(page).toContain("<b>1/1</b><span>gold patches");
});

test("why an image or its oracle has failed is in its row", () => {
  const oracle = {
    isCurrent: false,
    hasFailed: true,
    fault: "no patch",
    provedAt: "",
    feature: 1,
    goldSeconds: 1,
    controlSeconds: 1,
  };
  const page = reportPage(
    machineStatusOf({ images: [imageOf("a_task/1", { state: "failed", fault: "no git", oracle })] }),
  );
  expect(page).toContain("no git; no patch");
});
