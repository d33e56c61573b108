import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the mock got. */
export interface Asked {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a model answers with: a command for its only tool. */
export interface Answer {
  readonly plan: string;
  readonly command: string;
}

/** What a model makes of a request's body. */
export type Reply = (body: Asked["body"]) => Promise<Answer>;

/** An answer in words. */
const inWords = {
  finish_reason: "COMPLETE",
  message: { role: "assistant", content: [{ type: "text", text: "ok" }] },
};

function asToolCall({ plan, command }: Answer, id: string) {
  const bash = { name: "bash", arguments: JSON.stringify({ command }) };
  return {
    finish_reason: "TOOL_CALL",
    message: { role: "assistant", tool_plan: plan, tool_calls: [{ id, type: "function", function: bash }] },
  };
}

const usage = {
  billed_units: { input_tokens: 12, output_tokens: 2 },
  tokens: { input_tokens: 12, output_tokens: 2 },
};

/**
 * An API on loopback that answers every call as Cohere's chat does, or with a status, words or a redirect that its owner sets.
 *
 * @param reply the model. Default: one that says ok.
 */
export async function startCohereMock(reply?: Reply) {
  const asked: Asked[] = [];
  const mock = { asked, status: 200, says: inWords, redirect: "", modelApiBase: "", close: () => {} };
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request.setEncoding("utf8")) text += part;
    const body = text === "" ? {} : JSON.parse(text);
    asked.push({ path: request.url, authorization: request.headers.authorization, body });
    const answer = reply === undefined ? mock.says : asToolCall(await reply(body), `call-${asked.length}`);
    if (mock.redirect !== "") return response.writeHead(307, { location: mock.redirect }).end();
    response.writeHead(mock.status, { "content-type": "application/json" });
    // Cohere's words, and as careless as an API may be: it says the key again.
    const refusal = { message: `invalid api token: ${request.headers.authorization}` };
    response.end(JSON.stringify(mock.status === 200 ? { id: "mock", ...answer, usage } : refusal));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  mock.modelApiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`;
  mock.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return mock;
}
