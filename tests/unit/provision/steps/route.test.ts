import { describe, expect, test } from "vitest";
import { asTyped, each } from "../../../../lib/remedy.ts";
import { isUnheeded, type RouteSeen, routeFaults } from "../../../../provision/steps/route-faults.ts";

const dotenv = "/srv/CooperBench/.env";
const url = "https://stg.api.cohere.com/v2/chat";
const wanted = {
  url,
  modelApiBase: "https://stg.api.cohere.com/v2",
  model: "cohere/command-a-03-2025",
  dotenv,
};
const good = {
  agent: "mini_swe_agent_v2",
  origins: {
    COHERE_API_KEY: { file: dotenv, line: 2 },
    COHERE_API_BASE: { file: dotenv, line: 3 },
    MSWEA_MODEL_API_BASE: { file: dotenv, line: 4 },
  },
  urls: { COHERE_API_BASE: url, MSWEA_MODEL_API_BASE: "https://stg.api.cohere.com/v2" },
  files: [dotenv],
  key: { state: "same", variable: "COHERE_API_KEY" },
  asked: [{ url, hasKey: true, model: "command-a-03-2025", status: 200 }],
  refused: [],
} as const satisfies RouteSeen;
const exported = { exported: true } as const;

const faults = (seen: RouteSeen) =>
  routeFaults(seen, wanted).map(({ found, remedies }) => {
    const helps = each(remedies).map((one) => ("advice" in one ? one.advice : asTyped(one)));
    return `${found}; ${helps.join(", and ")}`;
  });
const asking = (got: string) => [{ url: got, hasKey: true, model: "command-a-03-2025", status: 404 }];

test("a call to the configured URL with key and model has no fault", () => expect(faults(good)).toEqual([]));

test.each([
  ["https://STG.API.Cohere.com/v2", "https://stg.api.cohere.com/v2/chat"],
  ["https://stg.api.cohere.com:443/v2", "https://stg.api.cohere.com/v2/chat"],
  ["http://lab:80/v2", "http://lab/v2/chat"],
  ["http://[0::1]:8080/v2", "http://[::1]:8080/v2/chat"],
  ["https://lab/a%20b/v2", "https://lab/a%20b/v2/chat"],
])("%s and the call to %s are one URL", (modelApiBase, asked) => {
  const named = { url: `${modelApiBase}/chat`, modelApiBase, model: wanted.model, dotenv };
  const seen = { ...good, urls: { COHERE_API_BASE: named.url }, asked: [{ ...good.asked[0], url: asked }] };
  expect(routeFaults(seen, named)).toEqual([]);
  expect(isUnheeded(seen, named)).toBe(false);
});

test.each([
  "https://lab/a%20b/v2/chat?",
  "https://lab/a/b/v2/chat",
  "https://lab:444/v2/chat",
  "http://lab/v2/chat",
])("%s is another one", (asked) => {
  const named = { url: "https://lab/v2/chat", modelApiBase: "https://lab/v2", model: wanted.model, dotenv };
  const seen = { ...good, urls: { COHERE_API_BASE: named.url }, asked: asking(asked) };
  expect(routeFaults(seen, named)).toHaveLength(1);
  expect(isUnheeded(seen, named)).toBe(true);
});

describe("of a call to another URL it is told which variable wins, where, and what mends it:", () => {
  const { COHERE_API_BASE: _, ...withoutBase } = good.origins;
  const { COHERE_API_BASE: __, ...urlsWithoutBase } = good.urls;
  const got = "https://api.cohere.com/v2/chat";

  test.each<[string, Partial<RouteSeen>, string]>([
    [
      "the old variable alone",
      { origins: withoutBase, urls: urlsWithoutBase },
      `COHERE_API_BASE is set nowhere, and MSWEA_MODEL_API_BASE (${dotenv}:4) alone has no effect in this version of CooperBench; run the update again: it writes it into ${dotenv}`,
    ],
    [
      "no .env in the checkout, and one further up",
      { origins: {}, urls: {}, files: ["/srv/.env"] },
      `COHERE_API_BASE is set nowhere; /srv/.env is read instead of ${dotenv}; move /srv/.env away`,
    ],
    [
      "a base URL without /chat",
      { urls: { COHERE_API_BASE: "https://stg.api.cohere.com/v2/" } },
      `COHERE_API_BASE (${dotenv}:3) is https://stg.api.cohere.com/v2, which lacks /chat: litellm takes the full URL of the call, and wins; run the update again: it writes it into ${dotenv}`,
    ],
    [
      "an exported variable",
      {
        origins: { ...good.origins, COHERE_API_BASE: exported },
        urls: { COHERE_API_BASE: "https://me:secret@a.example/?key=secret" },
      },
      "COHERE_API_BASE (exported in this environment) is https://a.example, and wins; unset COHERE_API_BASE",
    ],
    [
      "a variable that is exported empty",
      { origins: { ...good.origins, COHERE_API_BASE: exported }, urls: { COHERE_API_BASE: "" } },
      "COHERE_API_BASE (exported in this environment) is nothing, and wins; unset COHERE_API_BASE",
    ],
    [
      "another file",
      {
        origins: { ...good.origins, COHERE_API_BASE: { file: "/home/me/.env", line: 7 } },
        urls: { COHERE_API_BASE: "https://a.example" },
      },
      "COHERE_API_BASE (/home/me/.env:7) is https://a.example, and wins; remove the line of COHERE_API_BASE in /home/me/.env",
    ],
    [
      "a version that was seen not to heed it",
      { heedsBase: false },
      `this version of CooperBench ignores COHERE_API_BASE (${dotenv}:3); ./machine set STACK cooperbenchVersion 0.0.29`,
    ],
    [
      "a package that asks another URL for it",
      { heedsBase: true },
      `COHERE_API_BASE (${dotenv}:3) is that, but the package asks another URL; ./machine set STACK modelApiBase URL`,
    ],
  ])("%s", (_, seen, cause) => {
    expect(faults({ ...good, ...seen, asked: asking(got) })).toEqual([
      `calls go to ${got}, not to ${url}: ${cause}`,
    ]);
  });

  test("Azure's settings, one exported and one of the .env", () => {
    const endpoint = "https://a.example/openai/v1";
    const seen = {
      ...good,
      origins: {
        ...good.origins,
        AZURE_OPENAI_API_KEY: exported,
        AZURE_OPENAI_ENDPOINT: { file: dotenv, line: 9 },
      },
      urls: { ...good.urls, AZURE_OPENAI_ENDPOINT: `${endpoint}/` },
      asked: asking(`${endpoint}/chat/completions`),
    };
    expect(faults(seen)).toEqual([
      `calls go to ${endpoint}/chat/completions, not to ${url}: AZURE_OPENAI_API_KEY (exported in this environment) and AZURE_OPENAI_ENDPOINT (${dotenv}:9) override the route; unset AZURE_OPENAI_API_KEY, and remove the line of AZURE_OPENAI_ENDPOINT in ${dotenv}`,
    ]);
  });
});

test.each<[string, Partial<RouteSeen>, string]>([
  [
    "no key",
    { key: { state: "none" }, origins: {} },
    `there is no key: COHERE_API_KEY is set nowhere; run the update again: it writes it into ${dotenv}`,
  ],
  [
    "a key that is exported empty",
    { key: { state: "none" }, origins: { COHERE_API_KEY: exported } },
    "there is no key: COHERE_API_KEY (exported in this environment) is empty, and wins; unset COHERE_API_KEY",
  ],
  [
    "another key",
    { key: { state: "other", variable: "COHERE_API_KEY" }, origins: { COHERE_API_KEY: exported } },
    "the key is not the stack's cohereApiKey: COHERE_API_KEY (exported in this environment) wins; unset COHERE_API_KEY",
  ],
  [
    "hosts besides",
    { refused: ["b.example:443", "10.0.0.1:80"] },
    `besides ${url}, it also asked b.example:443, 10.0.0.1:80, which the proof refused; ./machine set STACK cooperbenchVersion 0.0.29`,
  ],
  [
    "a .env that is not read",
    { files: [], urls: { PYTHON_DOTENV_DISABLED: "1" }, key: { state: "none" } },
    "no .env is read: PYTHON_DOTENV_DISABLED is set; unset PYTHON_DOTENV_DISABLED",
  ],
  [
    "no request",
    { asked: [], error: "BadRequestError" },
    `the agent's model asked nobody (BadRequestError), not even ${url}; ./machine set STACK cooperbenchVersion 0.0.29`,
  ],
  [
    "another model",
    { asked: [{ url, hasKey: true, model: "command-r", status: 200 }] },
    "the request asks for the model command-r, not for command-a-03-2025; ./machine set STACK cooperbenchVersion 0.0.29",
  ],
  [
    "a request without the key",
    { asked: [{ url, hasKey: false, model: "command-a-03-2025", status: 401 }] },
    "the request has no Authorization: Bearer with the key; ./machine set STACK cooperbenchVersion 0.0.29",
  ],
  [
    "a request that is answered otherwise",
    { asked: [{ url, hasKey: true, model: "command-a-03-2025", status: 404 }] },
    "the mock of the API answered 404 to the request, not 200; ./machine set STACK cooperbenchVersion 0.0.29",
  ],
  [
    "a model that fails over a good answer",
    { error: "FormatError" },
    "the agent's model ended with FormatError although the answer was good; ./machine set STACK cooperbenchVersion 0.0.29",
  ],
  [
    "a version whose agent cannot be asked",
    { cannotAsk: "looked for the class LitellmModel in x.adapter" },
    "this version's agent mini_swe_agent_v2 cannot be asked: looked for the class LitellmModel in x.adapter; ./machine set STACK cooperbenchVersion 0.0.29",
  ],
])("%s is a fault", (_, seen, fault) => expect(faults({ ...good, ...seen })).toEqual([fault]));

test("two faults are told at once", () => {
  const seen = { ...good, key: { state: "none" } as const, origins: {}, urls: {} };
  expect(faults({ ...seen, asked: asking("https://api.cohere.com/v2/chat") })).toHaveLength(2);
});
