import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the mock got. */
export interface Asked {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

const answer = {
  id: "mock",
  finish_reason: "COMPLETE",
  message: { role: "assistant", content: [{ type: "text", text: "ok" }] },
  usage: {
    billed_units: { input_tokens: 12, output_tokens: 2 },
    tokens: { input_tokens: 12, output_tokens: 2 },
  },
};

/** An API on loopback that answers every call as Cohere's chat does, or with a status that the test sets. */
export async function startCohereMock() {
  const asked: Asked[] = [];
  const mock = { asked, status: 200, modelApiBase: "", close: () => {} };
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request.setEncoding("utf8")) text += part;
    asked.push({
      path: request.url,
      authorization: request.headers.authorization,
      body: text === "" ? {} : JSON.parse(text),
    });
    response.writeHead(mock.status, { "content-type": "application/json" });
    // As careless as an API may be: it says the key again.
    const refusal = { message: `refused: ${request.headers.authorization}` };
    response.end(JSON.stringify(mock.status === 200 ? answer : refusal));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  mock.modelApiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`;
  mock.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return mock;
}
