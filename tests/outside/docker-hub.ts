import { randomUUID } from "node:crypto";
import {
  request as ask,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { Site } from "./web.ts";

/** Where Docker Hub keeps what images are made of. */
export const CDN = "production.cloudflare.docker.com";

/**
 * Docker Hub before a registry: tokens for a repository and for some time, layers at a CDN, so many pulls for an address.
 * The headers of the limit, and the words past it, are those of Docker's documentation, written anew here: no answer of
 * Docker Hub itself was at hand.
 */
export class DockerHub {
  /** Pulls in a window. */
  limit = 100;
  /** Pulls that count: a manifest that was asked for by GET. */
  pulls = 0;
  /** How long a token is good for. */
  tokenSeconds = 300;
  readonly #tokens = new Map<string, { readonly scope: string; readonly until: number }>();
  readonly #registry: string;

  /** @param registry host and port of the registry behind. */
  constructor(registry: string) {
    this.#registry = registry;
  }

  get sites(): Readonly<Record<string, Site>> {
    return {
      "registry-1.docker.io": (request, response, url) => this.#registrySite(request, response, url),
      "auth.docker.io": (_, response, url) => this.#giveToken(response, url),
      [CDN]: (request, response, url) => this.#pass(request, response, url.pathname),
    };
  }

  #registrySite(request: IncomingMessage, response: ServerResponse, { pathname }: URL): void {
    const [, repository = "", kind, reference] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(pathname) ?? [];
    if (!this.#isLet(request, repository)) {
      const scope = repository === "" ? "" : `,scope="repository:${repository}:pull"`;
      const challenge = `Bearer realm="https://auth.docker.io/token",service="registry.docker.io"${scope}`;
      refuse(response, 401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });
      return;
    }
    if (kind === "blobs") {
      response.writeHead(307, { location: `https://${CDN}/v2/${repository}/blobs/${reference}` }).end();
      return;
    }
    if (kind === undefined) {
      this.#pass(request, response, pathname);
      return;
    }
    const isPull = request.method === "GET";
    const isOver = isPull && this.pulls >= this.limit;
    if (isPull && !isOver) this.pulls += 1;
    const headers = {
      "ratelimit-limit": `${this.limit};w=21600`,
      "ratelimit-remaining": `${this.limit - this.pulls};w=21600`,
      "docker-ratelimit-source": "203.0.113.7",
    };
    if (isOver) {
      const says =
        "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit";
      refuse(response, 429, "TOOMANYREQUESTS", says, headers);
    } else this.#pass(request, response, pathname, headers);
  }

  /** Whether a request shows a token of its repository, and that is good still. */
  #isLet({ headers }: IncomingMessage, repository: string): boolean {
    const token = this.#tokens.get(headers.authorization?.replace(/^Bearer /, "") ?? "");
    if (token === undefined || token.until < Date.now()) return false;
    return repository === "" || token.scope === `repository:${repository}:pull`;
  }

  #giveToken(response: ServerResponse, { searchParams }: URL): void {
    const seconds = this.tokenSeconds;
    const token = randomUUID();
    const scope = searchParams.get("scope") ?? "";
    this.#tokens.set(token, { scope, until: Date.now() + seconds * 1000 });
    // An engine takes any token to be good for a minute: one that is not was given out some time ago.
    const expires = Math.max(60, seconds);
    const issued = new Date(Date.now() - (expires - seconds) * 1000);
    const answer = { token, access_token: token, expires_in: expires, issued_at: issued.toISOString() };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  #pass(
    { method, headers: { accept, range } }: IncomingMessage,
    response: ServerResponse,
    path: string,
    more: OutgoingHttpHeaders = {},
  ): void {
    const headers = { ...(accept && { accept }), ...(range && { range }) };
    const passed = ask(new URL(path, `http://${this.#registry}`), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...more });
      answer.on("error", () => response.destroy()).pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    passed.end();
  }
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: OutgoingHttpHeaders,
): void {
  response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(JSON.stringify({ errors: [{ code, message }] }));
}
