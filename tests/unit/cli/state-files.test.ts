import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, expect, test } from "vitest";
import { shown } from "../../../checks/finding.ts";
import {
  cutOffAttributes,
  type FoundState,
  findState,
  pendingInExport,
  type StateFiles,
  stateFiles,
} from "../../../cli/state-files.ts";
import { cutOffState, updateFindings } from "../../../cli/update-findings.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let files: StateFiles;
beforeEach(() => {
  folder = temporaryFolder("state-");
  files = stateFiles({
    stack: "lab-1",
    projectDir: folder,
    env: { PULUMI_BACKEND_URL: `file://${folder}` },
  }) as StateFiles;
  for (const path of [dirname(files.state), files.history]) mkdirSync(path, { recursive: true });
});

const pending = [{ type: "creating", resource: { urn: "urn:pulumi:lab-1::p::t::coop-redis" } }];
const state = (more: object = {}) =>
  JSON.stringify({ version: 3, checkpoint: { stack: "s", latest: { resources: [], ...more } } });
const write = (file: string, text: string | Buffer, seconds = 1_700_000_000) => {
  writeFileSync(file, text);
  utimesSync(file, seconds, seconds);
};

test("a state that is whole tells what was begun and not ended", () => {
  expect(findState(files)).toEqual({ kind: "none" });
  write(files.state, state());
  expect(findState(files)).toMatchObject({ kind: "whole", pending: [], latest: { resources: [] } });
  write(files.state, state({ pending_operations: pending }));
  const begun = [{ type: "creating", resource: "coop-redis" }];
  expect(findState(files)).toMatchObject({ kind: "whole", pending: begun });
  expect(
    pendingInExport(JSON.stringify({ version: 3, deployment: { pending_operations: pending } })),
  ).toEqual(begun);
  // A stack that was made, and never updated.
  write(files.state, JSON.stringify({ version: 3, checkpoint: { stack: "s" } }));
  expect(findState(files)).toMatchObject({ kind: "whole", pending: [] });
});

test("a state of a form that is not known is whole: what is wrong with it, Pulumi tells", () => {
  for (const text of ["{}", '{"version":9,"checkpoint":"sealed"}']) {
    write(files.state, text);
    expect(findState(files)).toMatchObject({ kind: "whole", pending: [] });
  }
});

test("a packed state is read too, and the newest of several counts", () => {
  write(files.state, state(), 1);
  write(`${files.state}.gz`, gzipSync(state({ pending_operations: pending })), 2);
  expect(findState(files)).toMatchObject({ pending: [{ resource: "coop-redis" }] });
});

test.each([
  ["empty", ""],
  ["cut off", state().slice(0, 40)],
  ["of zeros", "\0".repeat(99)],
])("a state that is %s is told with its backup and the command that restores it", (_, text) => {
  write(files.state, text);
  write(`${files.state}.bak`, state());
  const found = findState(files) as Extract<FoundState, { kind: "cut off" }>;
  expect(cutOffState("lab-1", found)).toEqual({
    check: "update",
    level: "blocker",
    found: `the state of stack lab-1 is not whole: ${files.state} (${text.length} bytes), as happens after a full disk or a power cut; lab-1.json.bak beside it is a whole one, of 2023-11-14T22:13:20Z`,
    ...shown({ command: ["cp", `${files.state}.bak`, files.state] }),
  });
  expect(updateFindings("lab-1", { locks: [], state: found, attributes: [] })).toHaveLength(1);
});

test("where the backup is not whole either, the last update's end is named, and without any copy that is told", () => {
  write(files.state, "");
  write(`${files.state}.bak`, "{");
  expect(cutOffState("lab-1", findState(files) as never).found).toContain("there is no whole copy beside it");
  for (const time of ["1795713125985613670", "1795713125985613671"])
    write(join(files.history, `lab-1-${time}.checkpoint.json`), state());
  write(join(files.history, "lab-1-1795713125985613672.checkpoint.json"), "");
  expect(findState(files)).toMatchObject({
    copy: { file: join(files.history, "lab-1-1795713125985613671.checkpoint.json") },
  });
});

test("what was written in part beside the state, or beside the backend's own file, is told, and what is whole is not", () => {
  const [beside, backend] = [`${files.state}.attrs`, join(files.folder, ".pulumi", "meta.yaml.attrs")];
  write(beside, '{"md5":"a"}');
  expect(cutOffAttributes(files)).toEqual([]);
  write(backend, '{"us');
  write(beside, "");
  expect(cutOffAttributes(files)).toEqual([backend, beside]);
});
