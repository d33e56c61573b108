import type { Remedies } from "../../lib/remedy.ts";
import { RegistryError } from "./error.ts";
import { checkReference, contentType, pageRemedy } from "./form.ts";
import { retryAtOf } from "./headers.ts";
import type { RegistryAnswer } from "./request.ts";

interface Meaning {
  readonly matches: (status: number, type: string) => boolean;
  readonly says: string;
  readonly remedies: (host: string, retryAt?: Date) => Remedies;
}

/** What a status means, and what helps. The first that matches counts. */
const meanings: readonly Meaning[] = [
  {
    // A registry's own refusals are JSON.
    matches: (status, type) => (status === 403 || status === 404) && type === "text/html",
    says: "answers with a page of HTML",
    remedies: () => pageRemedy,
  },
  {
    matches: (status) => status === 404,
    says: "has no such image",
    remedies: () => checkReference,
  },
  {
    // Docker Hub gives this for an image that is not there, too.
    matches: (status) => status === 401 || status === 403,
    says: "has no such image for these credentials",
    remedies: (host) => [
      checkReference,
      { command: ["docker", "login", host], when: "if the image is private" },
    ],
  },
  {
    matches: (status) => status === 429,
    says: "has reached its rate limit",
    remedies: (host, retryAt) => [
      { advice: `wait ${until(retryAt)}, then run the command again` },
      { command: ["docker", "login", host], when: "if you have an account with a higher limit" },
    ],
  },
  {
    matches: (status) => status >= 500,
    says: "fails",
    remedies: (_, retryAt) => ({
      advice: `run the command again ${retryAt === undefined ? "later" : `at ${retryAt.toISOString()}`}`,
    }),
  },
];

/** The error for an answer that is not the one that was asked for. */
export function refusal(what: string, url: string, refused: RegistryAnswer): RegistryError {
  const { status, headers, body } = refused;
  const { host, pathname } = new URL(url);
  const retryAt = status === 429 || status === 503 ? retryAtOf(headers, new Date()) : undefined;
  const meaning = meanings.find(({ matches }) => matches(status, contentType(refused)));
  const said = wordsOf(body);
  const answer = `${what} ${pathname} gave ${status}${said === "" ? "" : `, ${said}`}`;
  return new RegistryError(
    meaning === undefined
      ? `${host} did not answer as a registry does (${answer})`
      : `${host} ${meaning.says} (${answer})`,
    meaning?.remedies(host, retryAt) ?? { advice: "check that what answers there is a registry" },
    { status, ...(retryAt !== undefined && { retryAt }) },
  );
}

function until(retryAt: Date | undefined): string {
  return retryAt === undefined
    ? "for its reset (Docker Hub counts over 6 hours)"
    : `until ${retryAt.toISOString()}`;
}

/** What a registry says of an error: JSON of the API's form, or some text. */
function wordsOf(body: Buffer): string {
  const text = body.toString();
  try {
    const { errors, details } = JSON.parse(text) as {
      errors?: readonly { code?: string; message?: string }[];
      details?: string;
    };
    return (errors?.map(({ code, message }) => message ?? code).join("; ") ?? details ?? "").slice(0, 200);
  } catch {
    return text.includes("<") ? "" : text.trim().slice(0, 200); // a page of some proxy tells nothing here
  }
}
