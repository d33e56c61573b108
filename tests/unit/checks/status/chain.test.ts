import { expect, test } from "vitest";
import { chainOf, type Link } from "../../../../checks/status/chain.ts";
import type { Mark, StatusCheck } from "../../../../checks/status/checks.ts";
import type { ImageStatus } from "../../../../checks/status/images.ts";
import { checksOf, imageOf, machineStatusOf, passedOracle as oracle } from "../../../machine-status.ts";

function linksOf(others: readonly StatusCheck[] = [], images?: readonly ImageStatus[]) {
  const chain = chainOf(machineStatusOf({ checks: checksOf(...others), ...(images && { images }) }));
  return Object.fromEntries(chain.map((link) => [link.name, link])) as Record<Link["name"], Link>;
}

const check = (name: string, level: Mark, found = "why"): StatusCheck => ({
  ...{ check: name, level, found },
  remedies: [],
});

test("its links stand in the order in which each needs those before it, with the commands of the stack", () => {
  expect(chainOf(machineStatusOf()).map(({ name, level, command }) => [name, level, command])).toEqual([
    ["image", "ok", "./machine up lab-1"],
    ["probe", "ok", "./machine verify lab-1"],
    ["oracle", "ok", "./machine oracle lab-1"],
    ["environment", "ok", "./machine verify lab-1"],
    ["route", "ok", "./machine up lab-1"],
    ["plan", "ok", "./machine plan lab-1"],
  ]);
});

test("an image is on the engine or not, whatever its probe says", () => {
  const images = [imageOf("a/1", { state: "failed", isLocked: false }), imageOf("a/2", { state: "missing" })];
  expect(linksOf([], images).image).toMatchObject({ level: "blocker", found: "1/2 on the engine, 1 locked" });
  expect(linksOf([check("images", "blocker")], images.slice(0, 1))).toMatchObject({
    image: { level: "ok", found: "1/1 on the engine, 0 locked" },
    probe: { level: "blocker", found: "0/1 as they were proved" },
  });
  expect(linksOf([], [imageOf("a/1", { state: "unseen" })]).image).toMatchObject({
    level: "blocker",
    found: "the engine does not answer",
  });
});

test("the oracle's link counts those that were run, and is off where none was", () => {
  const off = chainOf(
    machineStatusOf({ checks: [check("runners", "ok"), check("oracle", "off", "none was run")] }),
  );
  expect(off).toContainEqual(
    expect.objectContaining({ name: "oracle", level: "off", found: "none was run" }),
  );
  const images = [imageOf("a/1", { oracle }), imageOf("a/2", { isOracleWanted: true })];
  expect(linksOf([check("oracle", "blocker")], images).oracle).toMatchObject({
    level: "blocker",
    found: "1/2 gold patches pass",
  });
});

test.each([
  ["oracle", "runners"],
  ["environment", "version"],
  ["route", "credentials"],
  ["route", "variables"],
] as const)("the worst of its checks decides the %s: %s", (name, other) => {
  const odd = check(other, "warning", "it is odd\nin detail");
  const checks = [...checksOf(odd).filter((one) => one !== odd), odd];
  expect(chainOf(machineStatusOf({ checks })).find((link) => link.name === name)).toMatchObject({
    level: "warning",
    found: "it is odd",
  });
});

test("the plan is what is in the way of a run, and of nothing less", () => {
  expect(
    linksOf([check("services", "blocker"), check("route", "blocker"), check("update", "warning")]).plan,
  ).toMatchObject({ level: "blocker", found: "in the way of a run: route, services" });
  expect(linksOf([check("update", "warning")]).plan).toMatchObject({
    level: "ok",
    found: "the runs can start",
  });
});

test("a check that was not made holds nothing", () => {
  const chain = chainOf(machineStatusOf({ checks: [check("stack", "blocker")] }));
  expect(chain.find(({ name }) => name === "route")).toMatchObject({ level: "off", found: "not looked at" });
});
