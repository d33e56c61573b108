import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { modelEnvironment } from "../../../benchmark/model.ts";
import { known } from "../../../lib/known.ts";
import { lookAt, type Wanted } from "../../../provision/look.ts";
import { writeDotenv } from "../../../provision/steps/dotenv.ts";
import { askerIn } from "../../../provision/steps/dotenv-reader.ts";
import { lab1 } from "../../owners.ts";
import { readsBack } from "../../reads-back.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { dotenvVersions, makeDotenvVenv } from "./steps/dotenv-venv.ts";

let base: string;
let server: Server | undefined;
const sockets = new Set<Socket>();
beforeEach(() => {
  base = temporaryFolder("look-");
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const socket of sockets) socket.destroy();
  server?.close();
  server = undefined;
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

describe("with an environment", () => {
  const variables = modelEnvironment("canary", "https://a.example/v2");
  let file: string;
  beforeEach(async () => {
    const { folder } = wanted();
    await makeDotenvVenv(folder, dotenvVersions.locked);
    file = join(folder, ".env");
    vi.stubEnv("MSWEA_GLOBAL_CONFIG_DIR", join(base, "agent"));
    await writeDotenv(file, lab1, variables, askerIn(folder));
  });
  const add = (text: string) => writeFileSync(file, readFileSync(file, "utf8") + text);

  test("a .env as it was written is well, and so is one with a line of the user's, which is asked about", async () => {
    const { dotenv, route, dotenvBytes, otherSettings } = await lookAt(wanted());
    expect([dotenv, route, otherSettings]).toEqual([known(undefined), known(undefined), known([])]);
    expect(dotenvBytes?.hash).toBe(dotenvBytes?.read);
    add("A=1\n");
    const changed = await lookAt(wanted());
    expect([changed.dotenv, changed.route]).toEqual([known(undefined), known(undefined)]);
    expect(changed.dotenvBytes?.hash).not.toBe(dotenvBytes?.hash);
  });

  test.each([
    ["a bare name", "COHERE_API_KEY\n", "another line below assigns it"],
    ["a quoted name", "'COHERE_API_KEY'=other\n", "another line below assigns it"],
    ["a form feed", "\fCOHERE_API_KEY=other\n", "another line below assigns it"],
  ])("a .env in which %s wins over the key is not well", async (_, line, why) => {
    add(line);
    const { dotenv } = await lookAt(wanted());
    expect(dotenv).toEqual(known(expect.stringContaining(`reads COHERE_API_KEY differently`)));
    expect(dotenv).toEqual(known(expect.stringContaining(why)));
  });

  test("a .env in which a quote takes the key in is not well, and the line is named", async () => {
    writeFileSync(file, `A=1\nB='open\n${readFileSync(file, "utf8")}`);
    const { dotenv } = await lookAt(wanted());
    expect(dotenv).toEqual(known(expect.stringContaining("because it cannot read line 2")));
  });

  test("what else in it decides a run is told, the stack's own engine is not", async () => {
    add(`DOCKER_HOST=${wanted().dockerHost}\nMSWEA_GLOBAL_CALL_LIMIT=5\n`);
    expect((await lookAt(wanted())).otherSettings).toEqual(known([`MSWEA_GLOBAL_CALL_LIMIT (${file}:9)`]));
  });

  test("an environment without python-dotenv leaves what it reads unknown, and the rest known", async () => {
    rmSync(join(wanted().folder, ".venv", "lib"), { recursive: true });
    expect((await lookAt(wanted())).dotenv).toEqual(known(undefined));
    add("A=1\n");
    const { dotenv, route } = await lookAt(wanted());
    expect(dotenv).toEqual({ unknown: expect.stringContaining("python-dotenv cannot be asked") });
    expect(route).toEqual(dotenv);
    writeFileSync(file, "", { mode: 0o600 });
    expect((await lookAt(wanted())).dotenv).toEqual(known(expect.stringContaining("not as configured")));
  });
});
