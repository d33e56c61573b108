import { RegistryError } from "./error.ts";

/** A request of the API. */
export interface RegistryRequest {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
  /** Time limit to the headers, and again to the end of the body. */
  readonly timeoutMs: number;
}

/** An answer, its body read. */
export interface RegistryAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** Where it came from in the end, behind redirects. */
  readonly url: string;
}

/**
 * One HTTP request; redirects are followed, without the Authorization header to another host.
 *
 * @throws RegistryError with the true cause where no whole answer comes.
 */
export async function request(url: string, { timeoutMs, ...init }: RegistryRequest): Promise<RegistryAnswer> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    const response = await fetch(url, { ...init, signal: controller.signal });
    timer.refresh();
    const { status, headers } = response;
    return { status, headers, body: Buffer.from(await response.arrayBuffer()), url: response.url };
  } catch (error) {
    const { host } = new URL(url);
    if (controller.signal.aborted)
      throw new RegistryError(`${host} did not answer within ${timeoutMs / 1000} s`, unreached, {
        code: "ETIMEDOUT",
      });
    const { code, text } = causeOf(error as Error);
    throw new RegistryError(
      `${host} cannot be reached (${text})`,
      unreached,
      code === undefined ? {} : { code },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** What fetch keeps behind its "fetch failed", at times in an error of several errors. */
function causeOf(error: Error): { readonly code?: string; readonly text: string } {
  const { cause } = error as { cause?: NodeJS.ErrnoException & { errors?: readonly Error[] } };
  if (cause === undefined) return { text: error.message };
  const text = cause.message || cause.errors?.map(({ message }) => message).join("; ") || error.message;
  const { code } = cause;
  return code === undefined ? { text } : { code, text: text.includes(code) ? text : `${code}: ${text}` };
}

const unreached = { advice: "check the network and the proxy (HTTPS_PROXY), then run the command again" };
