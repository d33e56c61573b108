import { authorize } from "./authorization.ts";
import { type Credentials, credentialsFor } from "./docker-login.ts";
import type { Endpoint } from "./endpoint.ts";
import { refusal } from "./refusal.ts";
import { type RegistryAnswer, request } from "./request.ts";

/** A request of something in a repository. */
export interface RepositoryRequest {
  readonly method: "GET" | "HEAD";
  readonly repository: string;
  /** Below the repository, such as manifests/latest. */
  readonly path: string;
  /** Media types that are wanted. */
  readonly accept: string;
}

/**
 * A function that asks one registry, with what authorization it wants. Credentials are looked up once, and only where
 * they are wanted; a token is kept for its repository until it is refused.
 *
 * @returns an answer of status 200; any other is thrown as a RegistryError.
 */
export function authorizedRequests(
  endpoint: Endpoint,
  timeoutMs: number,
  env: NodeJS.ProcessEnv,
): (request: RepositoryRequest) => Promise<RegistryAnswer> {
  const { host, origin, prefix } = endpoint;
  const authorizations = new Map<string, Promise<string | undefined>>();
  let credentials: Promise<Credentials | undefined> | undefined;

  async function newAuthorization(challenge: RegistryAnswer, repository: string) {
    credentials ??= credentialsFor(host, env);
    return authorize(challenge, {
      endpoint,
      repository: prefix + repository,
      credentials: await credentials,
      timeoutMs,
    });
  }

  return async ({ method, repository, path, accept }) => {
    const url = `${origin}/v2/${prefix}${repository}/${path}`;
    const attempt = (authorization: string | undefined) =>
      request(url, {
        method,
        headers: { Accept: accept, ...(authorization !== undefined && { Authorization: authorization }) },
        timeoutMs,
      });
    const known = authorizations.get(repository);
    let answer = await attempt(await known);
    if (answer.status === 401) {
      // Another request may have got a newer token meanwhile.
      let fresh = authorizations.get(repository);
      if (fresh === undefined || fresh === known) {
        fresh = newAuthorization(answer, repository);
        authorizations.set(repository, fresh);
        fresh.catch(() => authorizations.delete(repository));
      }
      answer = await attempt(await fresh);
    }
    if (answer.status === 200) return answer;
    throw refusal(method, url, answer);
  };
}
