import { type IncomingMessage, type RequestOptions, request } from "node:http";

/** An answer, its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/**
 * One HTTP request, over TCP or a unix socket. Node's http, not fetch: it knows unix sockets, heeds no
 * proxy, and loads ten times faster.
 * @throws Error when there is no answer within `timeoutMs` (default 10000).
 */
export function ask(
  options: RequestOptions & { readonly body?: Buffer; readonly timeoutMs?: number },
): Promise<Answer> {
  const { body, timeoutMs = 10_000, ...rest } = options;
  return new Promise((resolve, reject) => {
    const sent = request({ ...rest, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Whether a request is answered with 200. */
export async function answersOk(options: RequestOptions & { readonly timeoutMs?: number }): Promise<boolean> {
  try {
    return (await ask(options)).status === 200;
  } catch {
    return false; // Nobody listens, or nobody answers: the same to whoever asks.
  }
}
