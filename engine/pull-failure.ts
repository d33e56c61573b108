interface Cause {
  readonly matches: RegExp;
  readonly reason: string;
  readonly remedy: string;
}

const unreachable: Cause = {
  matches:
    /no such host|dial tcp|i\/o timeout|TLS handshake|connection re|no route|unreachable|Temporary failure|context deadline|EOF/i,
  reason: "the engine cannot reach the registry",
  remedy: "check the engine's network and proxy, then run the update again",
};

/** What an engine says when a pull fails, what it means, and what helps. The first that matches counts. */
const causes: readonly Cause[] = [
  {
    matches: /no space left on device/i,
    reason: "no space left on the engine's disk",
    remedy:
      "free some (docker system df shows what takes it), then run the update again; what was pulled is kept",
  },
  {
    matches: /toomanyrequests|rate limit|429/i,
    reason: "the registry's rate limit is reached",
    remedy:
      "wait for its reset (Docker Hub counts over 6 hours), or run docker login for a higher one, then run the update again",
  },
  {
    matches: /manifest unknown|not found|does not exist|pull access denied/i,
    reason: "the registry has no such image",
    remedy: "check the reference; a private image needs docker login",
  },
  {
    matches: /unauthorized|authentication required|denied/i,
    reason: "the registry refused the credentials",
    remedy: "run docker login, then run the update again",
  },
  {
    matches: /ENOENT|ECONNREFUSED|EACCES|socket hang up/,
    reason: "the Docker engine does not answer",
    remedy: "start it, or set dockerHost to the one that is meant",
  },
  unreachable,
];

/** Whether an engine says that it could not reach the registry. */
export function isUnreachable(error: Error): boolean {
  return causes.find(({ matches }) => matches.test(error.message)) === unreachable;
}

/** The message of a failed pull: image, reason, the engine's own words, remedy. */
export function explainPullFailure(reference: string, error: Error): string {
  const said = error.message.trim();
  const cause = causes.find(({ matches }) => matches.test(said));
  if (cause === undefined) return `${reference} could not be pulled: ${said}`;
  return `${reference} could not be pulled: ${cause.reason} (${said}). To mend it: ${cause.remedy}.`;
}
