import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf } from "../../../../lib/digest.ts";

/** What a request was, as the server has seen it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
}

/** A server on a free port of 127.0.0.1, for one test. */
export class LocalServer {
  readonly seen: Seen[] = [];
  readonly #server: Server;

  constructor(handle: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#server = createServer((request, response) => {
      const { method = "", url = "", headers } = request;
      this.seen.push({ method, path: url, authorization: headers.authorization, accept: headers.accept });
      handle(request, response);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Something that a registry holds, ready to be served. */
export interface Content {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export function content(mediaType: string, value: unknown): Content {
  const bytes = Buffer.from(JSON.stringify(value));
  return { digest: digestOf(bytes), mediaType, bytes };
}

/** Serves some content, with the headers that a registry gives. */
export function serve(
  response: ServerResponse,
  { digest, mediaType, bytes }: Content,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, {
    "Content-Type": mediaType,
    "Content-Length": bytes.length,
    "Docker-Content-Digest": digest,
    ...headers,
  });
  response.end(bytes); // Node leaves the body of an answer to HEAD out
}
