import { Problem } from "../../lib/problem.ts";
import type { Remedies } from "../../lib/remedy.ts";

/** What is known of a failure, beside its message. */
export interface RegistryFailure {
  /** HTTP status of the answer; none where no whole answer came. */
  readonly status?: number;
  /** When the registry wants to be asked again. */
  readonly retryAt?: Date;
  /** Why no whole answer came, as Node names it, such as ENOTFOUND. */
  readonly code?: string;
}

/** Of connections that broke off, and of time limits. */
const passingCodes = [
  "EAI_AGAIN",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
];

/** A registry, or the network before it, has failed a request. The message names the host and the true cause. */
export class RegistryError extends Problem {
  override readonly name = "RegistryError";
  declare readonly remedies: Remedies;
  /** HTTP status of the answer; undefined where no whole answer came. */
  readonly status?: number;
  /** When the registry wants to be asked again, where it has said so (status 429 or 503). */
  readonly retryAt?: Date;
  /** Whether the same request may well succeed in a moment: what broke off, took too long, or failed over there. */
  readonly canPass: boolean;

  constructor(found: string, remedies: Remedies, { status, retryAt, code = "" }: RegistryFailure = {}) {
    super(found, remedies);
    if (status !== undefined) this.status = status;
    if (retryAt !== undefined) this.retryAt = retryAt;
    this.canPass = status === undefined ? passingCodes.includes(code) : status >= 500 || status === 408;
  }
}
