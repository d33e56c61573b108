import { parseChallenge } from "./challenge.ts";
import type { Credentials } from "./docker-login.ts";
import type { Endpoint } from "./endpoint.ts";
import { RegistryError } from "./error.ts";
import { refusal } from "./refusal.ts";
import { type RegistryAnswer, request } from "./request.ts";

/** What an authorization is made from. */
export interface AuthorizationArguments {
  readonly endpoint: Endpoint;
  /** With its prefix. */
  readonly repository: string;
  readonly credentials: Credentials | undefined;
  readonly timeoutMs: number;
}

/**
 * The Authorization header that a registry asks for in its answer of 401: a token for reading one repository, or the
 * credentials themselves. Undefined where it asks for credentials, and there are none.
 */
export async function authorize(
  { headers }: RegistryAnswer,
  { endpoint, repository, credentials, timeoutMs }: AuthorizationArguments,
): Promise<string | undefined> {
  const header = headers.get("www-authenticate") ?? "";
  const challenge = parseChallenge(header);
  if (challenge === undefined)
    throw new RegistryError(
      `${endpoint.host} asks for an unknown kind of authorization (${JSON.stringify(header.slice(0, 100))}, neither Bearer nor Basic)`,
      { advice: "name another registry that has the images" },
      { status: 401 },
    );
  if (challenge.scheme === "Basic") return basic(credentials);

  const { realm, service, scope = `repository:${repository}:pull` } = challenge;
  assertSafeRealm(realm, endpoint);
  const wanted = { ...(service !== undefined && { service }), scope };
  return `Bearer ${await getToken(realm, wanted, credentials, timeoutMs)}`;
}

function basic(credentials: Credentials | undefined): string | undefined {
  if (credentials === undefined || !("password" in credentials)) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
}

/** Credentials that would be safe on their way to the registry must be so on their way to its token server. */
function assertSafeRealm(realm: string, endpoint: Endpoint): void {
  const schemes = endpoint.origin.startsWith("https:") ? ["https:"] : ["https:", "http:"];
  if (URL.canParse(realm) && schemes.includes(new URL(realm).protocol)) return;
  throw new RegistryError(
    `${endpoint.host} names the token server ${JSON.stringify(realm)}, which is not a URL of ${schemes.join(" or ")}`,
    { advice: "name another registry that has the images" },
    { status: 401 },
  );
}

async function getToken(
  realm: string,
  wanted: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
  timeoutMs: number,
): Promise<string> {
  const answer =
    credentials !== undefined && "identitytoken" in credentials
      ? await request(realm, {
          method: "POST",
          body: new URLSearchParams({
            grant_type: "refresh_token",
            refresh_token: credentials.identitytoken,
            client_id: "cooperbench-machine",
            ...wanted,
          }),
          timeoutMs,
        })
      : await request(withQuery(realm, wanted), { headers: headersOf(credentials), timeoutMs });
  if (answer.status !== 200) throw tokenRefusal(realm, answer);
  const { token, access_token = token } = parse(answer.body);
  if (typeof access_token === "string" && access_token !== "") return access_token;
  throw new RegistryError(
    `${new URL(realm).host} answered with something other than JSON with a token`,
    { advice: "check any proxy or mirror in between, then run the command again" },
    { status: answer.status },
  );
}

function headersOf(credentials: Credentials | undefined): Readonly<Record<string, string>> {
  const authorization = basic(credentials);
  return authorization === undefined ? {} : { Authorization: authorization };
}

function tokenRefusal(realm: string, answer: RegistryAnswer): RegistryError {
  const { host } = new URL(realm);
  if (answer.status !== 401 && answer.status !== 403) return refusal("the token request", realm, answer);
  return new RegistryError(
    `${host} refused the credentials of Docker's configuration (status ${answer.status})`,
    [
      { command: ["docker", "login"] },
      { command: ["docker", "logout"], when: "to ask without any, as public images can be" },
    ],
    { status: answer.status },
  );
}

function withQuery(realm: string, query: Readonly<Record<string, string>>): string {
  const url = new URL(realm);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

function parse(body: Buffer): { readonly token?: unknown; readonly access_token?: unknown } {
  try {
    return JSON.parse(body.toString()) ?? {};
  } catch {
    return {}; // told by the caller, without the text
  }
}
