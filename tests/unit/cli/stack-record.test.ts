import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, expect, test } from "vitest";
import { backendFolder, backendUrl } from "../../../cli/backend.ts";
import { readRecord, stacksInFiles } from "../../../cli/stack-record.ts";
import { readState } from "../../../cli/state.ts";
import { identityType } from "../../../program/stack-id.ts";
import { asAnotherUser } from "../../as-another-user.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("record-");
});

const stacks = () => join(folder, ".pulumi", "stacks", "cooperbench-machine");
const outputs = { stackId: "an-id", host: "lab", folder: "/srv" };
const latest = (resources?: readonly object[]) => JSON.stringify({ checkpoint: { latest: { resources } } });
function write(text: string) {
  mkdirSync(stacks(), { recursive: true });
  writeFileSync(join(stacks(), "lab-1.json"), text);
}
const place = () => callerOf("/", "lab-1", { PULUMI_BACKEND_URL: `file://${folder}` });
const read = () => readRecord({ ...place(), pulumi: undefined });

test.each<[string, readonly object[] | undefined, object]>([
  ["no resources", undefined, { kind: "empty", wasUpdated: false }],
  [
    "an identity",
    [{ type: identityType, outputs }],
    { kind: "made", identity: { id: "an-id", host: "lab", folder: "/srv" } },
  ],
  [
    "one without an id",
    [{ type: identityType, outputs: { ...outputs, stackId: null } }],
    { kind: "made", identity: { host: "lab", folder: "/srv" } },
  ],
  ["one that was cut off", [{ type: identityType }], { kind: "made" }],
  ["other resources", [{ type: "pulumi:pulumi:Stack" }], { kind: "made" }],
])("a state with %s", async (_, resources, expected) => {
  write(latest(resources));
  expect(await read()).toEqual(expected);
});

test("a stack that is not there is absent, and one that was destroyed is not new", async () => {
  expect(await read()).toEqual({ kind: "absent" });
  write(latest());
  const history = join(folder, ".pulumi", "history", "cooperbench-machine", "lab-1");
  mkdirSync(history, { recursive: true });
  writeFileSync(join(history, "lab-1-1.history.json"), '{"kind": "destroy"}');
  expect(await read(), "a destroy of nothing").toEqual({ kind: "empty", wasUpdated: false });
  writeFileSync(join(history, "lab-1-2.history.json"), '{"kind": "update"}');
  expect(await read()).toEqual({ kind: "empty", wasUpdated: true });
});

test("a state that may not be read is not absent, nor are its stacks, and whose it is is told", async () => {
  write(latest());
  chmodSync(folder, 0o700);
  const denied = new RegExp(
    `${folder} cannot be read by you, user \\d+: it is user ${process.geteuid?.()}'s`,
  );
  await expect(asAnotherUser(read)).rejects.toThrow(denied);
  await expect(asAnotherUser(() => stacksInFiles(place()))).rejects.toThrow(denied);
  expect(await asAnotherUser(() => readState({ ...place(), pulumi: undefined }))).toMatchObject({
    unread: expect.stringMatching(denied),
    remedies: { advice: expect.stringMatching(/as user/) },
  });
});

test("a state that was read already is not read again", async () => {
  const state = { kind: "whole", pending: [], latest: { resources: [{ type: "x" }] } } as const;
  expect(await readRecord({ ...place(), state, pulumi: undefined })).toEqual({ kind: "made" });
});

test("a state that is packed is read, too, and one that is cut off is no empty one", async () => {
  mkdirSync(stacks(), { recursive: true });
  writeFileSync(join(stacks(), "lab-1.json.gz"), gzipSync(latest([{ type: "x" }])));
  expect(await read()).toEqual({ kind: "made" });
  expect(stacksInFiles(place())).toEqual(["lab-1"]);
  write(latest([{ type: "x" }]).slice(0, 20));
  await expect(read()).rejects.toThrow(/^the state of stack lab-1 is not whole: /);
});

test.each([
  ["file:///srv/state", "/srv/state"],
  ["file:///srv/state?no_tmp_dir=true", "/srv/state"],
  ["file://~", homedir()],
  ["file://~/state", join(homedir(), "state")],
  ["file://./state", "/project/state"],
  ["s3://bucket", undefined],
  ["https://api.pulumi.com", undefined],
])("the folder of %s is %s", (url, expected) => expect(backendFolder("/project", url)).toBe(expected));

test("the backend is the one that is set, else the login's, else the project's own", () => {
  const env = { XDG_DATA_HOME: folder, PULUMI_CREDENTIALS_PATH: folder };
  expect(backendUrl(env)).toBe(`file://${folder}/cooperbench-machine/state`);
  writeFileSync(join(folder, "credentials.json"), '{"current":"file://~"}');
  expect(backendUrl(env)).toBe("file://~");
  expect(backendUrl({ ...env, PULUMI_BACKEND_URL: "s3://b" })).toBe("s3://b");
});
