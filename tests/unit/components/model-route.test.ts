import { beforeEach, expect, test } from "vitest";
import { ModelRoute } from "../../../components/model-route.ts";
import { lab1 } from "../../owners.ts";
import { findingIn, type Recorded, recordResources, requestIn, settle } from "../../recording-mocks.ts";

let recorded: readonly Recorded[];
beforeEach(async () => {
  recorded = await recordResources();
});

const named = () => recorded.find(({ name }) => name === "route-proof");
const proof = () => named()?.inputs;
const route = (finding?: string) =>
  new ModelRoute("route", {
    owner: lab1,
    cohereApiKey: "canary",
    modelApiBase: "https://a.example/v2",
    model: "cohere/command-a-03-2025",
    folder: "/nowhere/CooperBench",
    of: ["c".repeat(40), "2026-01-01T00:00:00Z"],
    finding,
  });

test("the URL that is proved is no secret, and the key goes to the proof by standard input alone", async () => {
  expect(await settle(route().url)).toEqual({ value: "https://a.example/v2/chat", secret: false });
  const { stdin, ...rest } = proof() ?? {};
  expect(JSON.stringify(rest)).not.toContain("canary");
  expect(JSON.stringify(stdin)).toContain("canary");
});

test("the proof is of what it is given: a change of that proves anew", async () => {
  await settle(route().url);
  expect(requestIn(named())).toEqual({
    owner: lab1,
    folder: "/nowhere/CooperBench",
    modelApiBase: "https://a.example/v2",
    model: "cohere/command-a-03-2025",
  });
  expect(proof()).toMatchObject({ triggers: ["c".repeat(40), "2026-01-01T00:00:00Z"] });
  expect(findingIn(named())).toBeUndefined();
  expect(proof()).not.toHaveProperty("delete");
});

test("what overrides it right now is a finding", async () => {
  await settle(route("COHERE_API_KEY is overridden").url);
  expect(findingIn(named())).toBe("COHERE_API_KEY is overridden");
});
