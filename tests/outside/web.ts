import { randomInt } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Certificate } from "./certificate.ts";

/** Answers the requests for one name. */
export type Site = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

/** A request that came in, and how it was answered. */
export interface Visit {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** A site that gives nothing but this status. */
export const refusing =
  (status: number): Site =>
  (_, response) =>
    response.writeHead(status, { "content-type": "text/plain" }).end("refused\n");

/** A site that hangs up. */
export const hangingUp: Site = (request) => request.socket.destroy();

/** A site that hangs up in the middle of an answer, after so many bytes. */
export function cutting(site: Site, after: number, cut: () => void = () => {}): Site {
  return (request, response, url) => {
    const write = response.write.bind(response) as (chunk: Buffer) => boolean;
    let sent = 0;
    response.write = (chunk: Buffer) => {
      sent += chunk.length;
      if (sent <= after) return write(chunk);
      if (!response.destroyed) cut();
      response.destroy();
      return false;
    };
    return site(request, response, url);
  };
}

/** Sites with TLS, each by its name, at an address of the machine's loopback that nothing else listens at. */
export class Web {
  /** By name. A test may put another in the place of one. */
  readonly sites: Map<string, Site>;
  /** Every request that was answered, or given up. */
  readonly visits: Visit[] = [];
  readonly address: string;
  readonly #server: Server;

  private constructor(sites: Readonly<Record<string, Site>>, server: Server, address: string) {
    this.sites = new Map(Object.entries(sites));
    this.#server = server;
    this.address = address;
    server.on("request", (request, response) => this.#answer(request, response));
  }

  static async start(certificate: Certificate, sites: Readonly<Record<string, Site>>): Promise<Web> {
    const server = createServer({ key: certificate.key, cert: certificate.cert });
    const address = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
    await new Promise<void>((resolve, reject) => {
      // One that listens at every address of the machine is in the way; one at 127.0.0.1 is not.
      server.on("error", (error) =>
        reject(new Error(`the outside world needs ${address}:443`, { cause: error })),
      );
      server.listen(443, address, resolve);
    });
    return new Web(sites, server, address);
  }

  /** Has another site in the place of one while something is done. */
  async during<Result>(name: string, site: Site, act: () => Promise<Result>): Promise<Result> {
    const usual = this.sites.get(name);
    this.sites.set(name, site);
    try {
      return await act();
    } finally {
      if (usual) this.sites.set(name, usual);
    }
  }

  /** The requests of a name, as `METHOD PATH`. */
  asked(name: string): readonly string[] {
    return this.visits.filter(({ host }) => host === name).map(({ method, path }) => `${method} ${path}`);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [host = ""] = (request.headers.host ?? "").split(":");
    const url = new URL(request.url ?? "/", `https://${host || "nobody"}`);
    const { method = "" } = request;
    response.on("close", () =>
      this.visits.push({
        host,
        method,
        path: url.pathname,
        status: response.headersSent ? response.statusCode : 0,
      }),
    );
    try {
      await (this.sites.get(host) ?? refusing(404))(request, response, url);
    } catch (error) {
      console.error(`${host}${url.pathname}:`, error);
      response.destroy();
    }
  }
}
