import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { askLive, liveFinding } from "../../../../checks/doctor/live.ts";
import { writeDotenv } from "../../../../provision/steps/dotenv.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { readsBack } from "../../../reads-back.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const url = "https://a.example/v2/chat";
const answered = (status: number) => [{ url, status }];
const call = {
  seconds: 0.62,
  answers: answered(200),
  isEmpty: false,
  inputTokens: 12,
  outputTokens: 2,
  costDollars: 0.00005,
};

test.each([
  [call, "answered 200 in 0.6 s: 12 tokens in, 2 out; cost $0.000050, by litellm's prices"],
  [
    { ...call, costDollars: 1.5 },
    "answered 200 in 0.6 s: 12 tokens in, 2 out; cost $1.50, by litellm's prices",
  ],
  [{ ...call, costDollars: null }, "answered 200 in 0.6 s: 12 tokens in, 2 out; cost not known"],
  [
    { seconds: 1, answers: answered(200), inputTokens: null, outputTokens: null },
    "answered 200 in 1.0 s: ? tokens in, ? out; cost not known",
  ],
])("an answer is told with time, tokens and cost: %j", (result, told) => {
  expect(liveFinding(url, result, "lab-1")).toMatchObject({
    check: "live",
    level: "ok",
    found: `${url} ${told}`,
  });
});

test.each([
  [null, "did not answer", "curl -sS -o /dev/null https://a.example/v2/chat"],
  [401, "answered 401", "set lab-1 cohereApiKey"],
  [403, "answered 403", "set lab-1 cohereApiKey"],
  [404, "answered 404", "set lab-1 modelApiBase URL"],
  [429, "answered 429", "wait, or have the key's rate limit raised"],
  [307, "answered 307", "set lab-1 modelApiBase URL"],
  [400, "answered 400", "read what the API says"],
  [503, "answered 503", "try again later"],
])("status %s is a blocker with the remedy that helps", (status, told, remedy) => {
  const answers = status === null ? [] : answered(status);
  expect(liveFinding(url, { seconds: 2, answers, error: "APIError: no" }, "lab-1")).toMatchObject({
    check: "live",
    level: "blocker",
    found: `${url} ${told} in 2.0 s: APIError: no`,
    remedy: expect.stringContaining(remedy),
  });
});

test.each([
  [
    "another host",
    "https://b.example/chat",
    "blocker",
    "; a run's calls go there too, with everything that the model is asked",
  ],
  ["the same host", `${url}/`, "warning", ""],
])("a redirect to %s names who answered", (_, other, level, went) => {
  const answers = [...answered(307), { url: other, status: 200 }];
  expect(liveFinding(url, { ...call, answers }, "lab-1")).toMatchObject({
    check: "live",
    level,
    found: `${url} answered 307 in 0.6 s and redirected the call to ${other}, which answered 200${went}`,
    remedy: expect.stringContaining("set lab-1 modelApiBase URL"),
  });
});

test("a URL that is spelt otherwise is no redirect", () => {
  const answers = [{ url: "https://A.example:443/v2/chat", status: 200 }];
  expect(liveFinding(url, { ...call, answers }, "lab-1").level).toBe("ok");
});

test("an answer that says nothing is a blocker", () => {
  expect(liveFinding(url, { ...call, isEmpty: true }, "lab-1")).toMatchObject({
    level: "blocker",
    found: `${url} answered 200 in 0.6 s, with an empty answer`,
  });
});

describe("nobody is asked", () => {
  let checkout: string;
  beforeEach(() => {
    checkout = temporaryFolder("live-");
  });
  const ask = () =>
    askLive({
      owner: lab1,
      checkout,
      modelApiBase: "https://a.example/v2",
      model: "cohere/command-a-03-2025",
    });

  test("without a .env", async () => {
    expect(await ask()).toMatchObject({
      check: "live",
      level: "blocker",
      found: `not asked: ${checkout}/.env: it is missing`,
      remedy: "Fix: ./machine up lab-1",
    });
  });

  test("with the .env of another stack", async () => {
    await writeDotenv(join(checkout, ".env"), lab2, { COHERE_API_KEY: "canary" }, readsBack);
    expect((await ask()).found).toBe(`not asked: ${checkout}/.env: it has the settings of stack lab-2`);
  });

  test("without a virtual environment", async () => {
    await writeDotenv(join(checkout, ".env"), lab1, { COHERE_API_KEY: "canary" }, readsBack);
    const { level, found } = await ask();
    expect(level).toBe("blocker");
    expect(found).toMatch(/^not asked: there is no .*\/\.venv\/bin\/python/);
  });
});
