import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assertReadable, deniedAt, deniedSocket } from "../../../lib/denied.ts";
import { asAnotherUser } from "../../as-another-user.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let own: string;
beforeEach(() => {
  folder = temporaryFolder("denied-");
  chmodSync(folder, 0o755);
  own = join(folder, "own");
  mkdirSync(own);
});
afterEach(() => {
  chmodSync(own, 0o755);
});

const me = process.geteuid?.();
const closed = (path: string) => {
  chmodSync(path, 0);
  return path;
};

test("a closed folder above a path, or the path itself, is told with whose it is", async () => {
  const file = join(own, "file");
  writeFileSync(file, "");
  chmodSync(file, 0o644);
  expect(await asAnotherUser(() => deniedAt(file))).toBeUndefined();
  closed(file);
  expect(await asAnotherUser(() => deniedAt(file))).toMatchObject({
    path: file,
    remedies: { advice: expect.stringContaining(`as user ${me}`) },
  });
  closed(own);
  const denied = await asAnotherUser(() => deniedAt(join(own, "any", "where")));
  expect(denied?.found).toMatch(
    new RegExp(`^${own} cannot be read by you, user \\d+: it is user ${me}'s, with mode 0$`),
  );
  await expect(asAnotherUser(() => assertReadable(file))).rejects.toThrow(/\nFix: .*as user /);
});

test("what is not there keeps nobody out", () => {
  expect(deniedAt(join(folder, "absent", "file"))).toBeUndefined();
});

test("a socket of another user's is told from one that nobody listens at", async () => {
  const path = join(own, "sock");
  expect(await deniedSocket(path)).toBeUndefined();
  const server = await new Promise<Server>((resolve) => {
    const made: Server = createServer((socket) => socket.destroy()).listen(path, () => resolve(made));
  });
  try {
    chmodSync(path, 0o666);
    expect(await asAnotherUser(() => deniedSocket(path))).toBeUndefined();
    closed(path);
    expect((await asAnotherUser(() => deniedSocket(path)))?.path).toBe(path);
    closed(own);
    expect((await asAnotherUser(() => deniedSocket(path)))?.path).toBe(own);
  } finally {
    server.close();
  }
});
