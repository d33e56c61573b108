/** How many pulls a registry still allows, as its headers tell. */
export interface Quota {
  /** Pulls in one window. */
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds: number;
  /** Whom it counts for: an address, or an account's id. */
  readonly source?: string;
}

/** Reads Docker Hub's headers (`ratelimit-limit: 100;w=21600`); undefined where a registry counts nothing. */
export function quotaOf(headers: Headers): Quota | undefined {
  const [, limit, windowSeconds] = /^(\d+);w=(\d+)$/.exec(headers.get("ratelimit-limit") ?? "") ?? [];
  const [, remaining] = /^(\d+)(?:;|$)/.exec(headers.get("ratelimit-remaining") ?? "") ?? [];
  if (limit === undefined || windowSeconds === undefined || remaining === undefined) return undefined;
  const source = headers.get("docker-ratelimit-source");
  return {
    limit: Number(limit),
    remaining: Number(remaining),
    windowSeconds: Number(windowSeconds),
    ...(source !== null && { source }),
  };
}

/** Headers that say when to ask again, the plainest first, and how each counts. */
const retryHeaders = [
  { name: "retry-after", counts: "from now" },
  { name: "x-retry-after", counts: "from 1970" },
  { name: "ratelimit-reset", counts: "from now" },
  { name: "x-ratelimit-reset", counts: "from 1970" },
] as const;

/**
 * When a quota that is spent counts none of the pulls of before, at the latest. Docker Hub tells the window alone.
 */
export function resetOf(quota: Quota | undefined, now: Date): Date | undefined {
  return quota?.remaining === 0 ? new Date(now.getTime() + quota.windowSeconds * 1000) : undefined;
}

/** When to ask again, at the latest, where the headers say so. */
export function retryAtOf(headers: Headers, now: Date): Date | undefined {
  for (const { name, counts } of retryHeaders) {
    const text = headers.get(name)?.trim() ?? "";
    const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
    const at =
      seconds === undefined
        ? new Date(name === "retry-after" ? text : Number.NaN)
        : new Date((counts === "from now" ? now.getTime() : 0) + seconds * 1000);
    if (!Number.isNaN(at.getTime())) return at;
  }
  return resetOf(quotaOf(headers), now);
}

/** The moment that a server says it is. */
export function dateOf(headers: Headers): Date | undefined {
  const date = new Date(headers.get("date") ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}
