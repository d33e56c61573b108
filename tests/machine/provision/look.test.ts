import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { modelEnvironment } from "../../../benchmark/model.ts";
import { lookAt, type Wanted } from "../../../provision/look.ts";
import { writeDotenv } from "../../../provision/steps/dotenv.ts";
import { lab1 } from "../../owners.ts";
import { readsBack } from "../../reads-back.ts";

let base: string;
let server: Server | undefined;
const sockets = new Set<Socket>();
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "look-"));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
  server = undefined;
  rmSync(base, { recursive: true });
});

const wanted = (more: Partial<Wanted> = {}): Wanted => ({
  owner: lab1,
  dockerHost: `unix://${join(base, "docker.sock")}`,
  redis: undefined,
  git: false,
  folder: join(base, "CooperBench"),
  pythonVersion: "3.12",
  modelApiBase: "https://a.example/v2",
  cohereApiKey: "canary",
  smoke: [],
  ...more,
});

test("what is not there is known to be missing, and no engine is not an engine without images", async () => {
  const look = await lookAt(wanted());
  expect(look.engine).toEqual({ unknown: expect.stringContaining("ENOENT") });
  expect(look).toMatchObject({
    checkout: { value: "it is missing" },
    venv: { value: "it is missing" },
    dotenv: { value: "it is missing" },
    subset: { value: "it is missing" },
    route: { value: undefined },
    others: { value: [] },
    redis: undefined,
    git: undefined,
  });
});

test("an engine that takes every question and answers none holds nothing up", async () => {
  server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server?.listen(join(base, "docker.sock"), resolve));
  const look = await lookAt(wanted({ redis: { host: "127.0.0.1", port: 1 }, git: true }), 200);
  expect(look.engine).toEqual({ unknown: "no answer in 0.2 s" });
  expect(look.git).toEqual({ unknown: "no answer in 0.2 s" });
  expect(look.redis).toEqual({ unknown: "no answer in 0.2 s" });
});

test("what cannot be looked at is not known, and the rest is", async () => {
  const { folder } = wanted();
  mkdirSync(join(folder, "dataset", "subsets", "machine-smoke.json"), { recursive: true });
  await writeDotenv(
    join(folder, ".env"),
    lab1,
    modelEnvironment("canary", "https://a.example/v2"),
    readsBack,
  );
  const look = await lookAt(wanted());
  expect(look.subset).toEqual({ unknown: expect.stringContaining("EISDIR") });
  expect(look.dotenv).toEqual({ value: undefined });
});

test("without the stack's key the one that the .env has is right, and none is wrong", async () => {
  const { folder } = wanted();
  mkdirSync(folder);
  const withoutKey = wanted({ cohereApiKey: undefined });
  await writeDotenv(
    join(folder, ".env"),
    lab1,
    modelEnvironment("another", "https://a.example/v2"),
    readsBack,
  );
  expect((await lookAt(wanted())).dotenv).toEqual({ value: "COHERE_API_KEY not as configured" });
  expect((await lookAt(withoutKey)).dotenv).toEqual({ value: undefined });
  writeFileSync(join(folder, ".env"), "", { mode: 0o600 });
  expect((await lookAt(withoutKey)).dotenv).toEqual({ value: expect.stringContaining("COHERE_API_KEY") });
});
