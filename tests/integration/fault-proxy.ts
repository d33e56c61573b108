import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";

/** What the proxy does to a request instead of passing it on, or to the answer after some bytes of its body. */
export type Fault =
  | { readonly status: number }
  | { readonly after: number; readonly ends: "cut" | "stall" }
  /** Milliseconds between two pieces of the body. */
  | { readonly slowly: number };

/** A request that came in, and when, in milliseconds since 1970. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly at: number;
}

/** A proxy before a registry that does to requests what a test tells it. */
export class FaultProxy {
  /** Every request since the last `reset`. */
  readonly seen: Seen[] = [];
  #limits: { readonly path: RegExp; readonly seconds: number; until?: number }[] = [];
  #faults: { readonly path: RegExp; readonly fault: Fault; left: number }[] = [];
  #authorization: string | undefined;
  readonly #server = createServer((incoming, outgoing) => this.#answer(incoming, outgoing));
  readonly #registry: URL;

  private constructor(registry: string) {
    this.#registry = new URL(registry);
  }

  /** Starts one on a free port before the registry at a URL. */
  static async before(registry: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(registry);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Host and port. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Does this to so many of the requests for paths that match. */
  fail(path: RegExp, times: number, fault: Fault): void {
    this.#faults.push({ path, fault, left: times });
  }

  /** Refuses whoever does not show these credentials; empty lets everybody in. */
  login(user: string, password: string): void {
    this.#authorization =
      user === "" ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }

  /** Refuses requests for paths that match from the first on, as a rate limit that resets after so many seconds. */
  limit(path: RegExp, seconds: number): void {
    this.#limits.push({ path, seconds });
  }

  /** Forgets requests and faults. */
  reset(): void {
    this.seen.length = 0;
    this.#faults = [];
    this.#limits = [];
  }

  /** The GET requests for paths that match. */
  gets(path: RegExp): readonly Seen[] {
    return this.seen.filter((request) => request.method === "GET" && path.test(request.path));
  }

  /** The first requests for a manifest of each attempt: containerd's store asks by HEAD, and then gets it. */
  attempts(path: RegExp): readonly Seen[] {
    const asked = this.seen.filter((request) => path.test(request.path));
    return asked.filter(({ method }) => method === asked[0]?.method);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = "", url: path = "" } = incoming;
    this.seen.push({ method, path, at: Date.now() });
    if (this.#authorization !== undefined && incoming.headers.authorization !== this.#authorization) {
      outgoing.writeHead(401, { "www-authenticate": 'Basic realm="lab"' }).end();
      return;
    }
    const limit = this.#limits.find(({ path: limited }) => limited.test(path));
    if (limit) limit.until ??= Date.now() + limit.seconds * 1000;
    const waitMs = (limit?.until ?? 0) - Date.now();
    if (waitMs > 0) {
      outgoing.writeHead(429, { "retry-after": String(Math.ceil(waitMs / 1000)) }).end();
      return;
    }
    const match = this.#faults.find((fault) => fault.left > 0 && fault.path.test(path));
    if (match) match.left -= 1;
    const fault = match?.fault;
    if (fault && "status" in fault) {
      outgoing.writeHead(fault.status).end();
      return;
    }
    const passed = request(
      new URL(path, this.#registry),
      { method, headers: { ...incoming.headers, host: this.#registry.host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        if (fault === undefined) {
          answer.pipe(outgoing);
          return;
        }
        if ("slowly" in fault) {
          trickle(answer, outgoing, fault.slowly);
          return;
        }
        let sent = 0;
        answer.on("data", (chunk: Buffer) => {
          if (sent < fault.after) outgoing.write(chunk.subarray(0, fault.after - sent));
          sent += chunk.length;
          if (sent >= fault.after && fault.ends === "cut") outgoing.destroy();
        });
        answer.on("end", () => {
          if (sent < fault.after) outgoing.end();
        });
      },
    );
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    incoming.pipe(passed);
  }
}

async function trickle(answer: IncomingMessage, outgoing: ServerResponse, everyMs: number): Promise<void> {
  for await (const piece of answer) {
    outgoing.write(piece);
    await setTimeout(everyMs);
  }
  outgoing.end();
}
