import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sweep } from "../../../../provision/ownership/sweep.ts";
import { writeDotenv } from "../../../../provision/steps/dotenv.ts";
import { ensureSubset } from "../../../../provision/steps/subset.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { readsBack } from "../../../reads-back.ts";
import { CheckoutLab, put, treeOf } from "../steps/checkout/lab.ts";

let lab: CheckoutLab;
beforeEach(async () => {
  lab = new CheckoutLab();
  await lab.ensure();
  await writeDotenv(join(lab.folder, ".env"), lab1, { LITELLM_LOG: "1" }, readsBack);
  await ensureSubset(lab.folder, lab1, []);
  const venv = join(lab.folder, ".venv");
  put(join(venv, "cooperbench-machine.json"), JSON.stringify({ ...lab1, path: venv }));
});
afterEach(() => lab.close());

test("what a cut-off update has made goes, all of it", async () => {
  await sweep(lab.folder, lab1, [], lab.say);
  expect(readdirSync(lab.base)).toEqual(["origin"]);
});

test.each<[string, () => unknown, typeof lab1]>([
  ["another stack's", () => {}, lab2],
  ["of a stack whose file of settings was copied", () => {}, { ...lab1, stack: "copied" }],
  ["in part another stack's", () => writeMarkerOf(lab2), lab1],
  ["older than ids", () => lab.mark({ id: undefined }), lab1],
  ["left to the user", () => lab.mark({ left: true }), lab1],
])("what is %s stays", async (_, change, owner) => {
  change();
  const before = treeOf(lab.folder);
  await sweep(lab.folder, owner, [], lab.say);
  expect(treeOf(lab.folder)).toEqual(before);
});

const writeMarkerOf = (owner: typeof lab1) =>
  put(join(lab.folder, ".venv", "cooperbench-machine.json"), JSON.stringify(owner));

test("a folder that is not there is nothing to do", async () => {
  await sweep(join(lab.base, "nowhere"), lab1, [], lab.say);
  expect(existsSync(join(lab.base, "nowhere"))).toBe(false);
});
