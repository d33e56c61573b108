import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ModelRoute } from "../../../components/model-route.ts";
import { writeDotenv } from "../../../provision/steps/dotenv.ts";
import { modelEnvironment } from "../../../provision/steps/model.ts";
import { lab1 } from "../../owners.ts";
import { type Recorded, recordResources, settle } from "../../recording-mocks.ts";

let recorded: readonly Recorded[];
let folder: string;
beforeEach(async () => {
  recorded = await recordResources();
  folder = join(mkdtempSync(join(tmpdir(), "route-")), "CooperBench");
  mkdirSync(folder);
  await writeDotenv(join(folder, ".env"), lab1, modelEnvironment("canary", "https://a.example/v2"));
  vi.stubEnv("MSWEA_GLOBAL_CONFIG_DIR", folder);
  vi.stubEnv("COHERE_API_BASE", undefined);
  vi.stubEnv("COHERE_API_KEY", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, ".."), { recursive: true });
});

const proof = () => recorded.find(({ name }) => name === "route-proof")?.inputs;
const route = () =>
  new ModelRoute("route", {
    owner: lab1,
    cohereApiKey: "canary",
    modelApiBase: "https://a.example/v2",
    folder,
    of: ["c".repeat(40), "2026-01-01T00:00:00Z"],
  });

test("the URL that is proved is no secret, and the key goes to the proof by standard input alone", async () => {
  expect(await settle(route().url)).toEqual({ value: "https://a.example/v2/chat", secret: false });
  const { stdin, ...rest } = proof() ?? {};
  expect(JSON.stringify(rest)).not.toContain("canary");
  expect(JSON.stringify(stdin)).toContain("canary");
});

test("the proof is of what it is given: a change of that proves anew", async () => {
  await settle(route().url);
  expect(proof()).toMatchObject({
    environment: {
      FOLDER: folder,
      MODEL_API_BASE: "https://a.example/v2",
      MODEL: "cohere/command-a-03-2025",
    },
    triggers: ["c".repeat(40), "2026-01-01T00:00:00Z"],
  });
  expect(proof()?.environment).not.toHaveProperty("FINDING");
  expect(proof()).not.toHaveProperty("delete");
});

test("a variable that the shell overrides is a finding, without its value", async () => {
  vi.stubEnv("COHERE_API_KEY", "another-key");
  await settle(route().url);
  const { FINDING } = (proof()?.environment ?? {}) as Record<string, string>;
  expect(FINDING).toMatch(/^COHERE_API_KEY is overridden \(exported in this environment\) \(seen /);
});
