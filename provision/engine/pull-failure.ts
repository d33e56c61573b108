interface Cause {
  readonly matches: RegExp;
  readonly reason: string;
  readonly remedy: string;
  /** Whether another attempt may do better with nothing changed. */
  readonly passes: boolean;
  /** Whether it is the engine's own, so that no other registry helps. Default: false. */
  readonly ofEngine?: boolean;
}

const unreachable: Cause = {
  matches:
    /no such host|dial tcp|i\/o timeout|TLS handshake|connection re|no route|unreachable|Temporary failure|context deadline|Client\.Timeout|awaiting (response )?headers|EOF|HTTP response to HTTPS client/i,
  reason: "the engine cannot reach the registry",
  remedy: "check the engine's network and proxy, then run the update again",
  passes: true,
};

const rateLimit: Cause = {
  matches: /toomanyrequests|too many requests|rate limit|\b429\b/i,
  reason: "the registry's rate limit is reached",
  remedy:
    "wait for its reset (Docker Hub counts over 6 hours), run docker login for a higher one, or set registryMirror; then run the update again",
  passes: true,
};

const noRegistry: Cause = {
  matches: /invalid character '<'|text\/html|missing or empty Content-Type/i,
  reason: "what answers is no registry",
  remedy:
    "see what it is: a proxy, or the login page of the engine's network, answers in its place; then run the update again",
  passes: false,
};

/** What a registry has under a reference where that is no image of the wanted kind. */
const otherForms: readonly Cause[] = [
  {
    matches: /missing signature key|schema ?(version )?1\b|manifest\.v1\+/i,
    reason: "the registry has a manifest of schema 1, which engines of today do not pull",
    remedy: "have the image pushed again",
    passes: false,
  },
  {
    matches: /unsupported media type|when fetching '|unexpected media type/i,
    reason: "what the registry has is no image, but another artifact, such as a Helm chart",
    remedy: "check the reference",
    passes: false,
  },
  {
    matches: /no matching manifest for|does not match the specified platform/i,
    reason: "the registry has no such image for the platform of the lock",
    remedy: "see what ./machine lock --check says of it",
    passes: false,
  },
];

const absent: Cause = {
  matches: /ENOENT|ECONNREFUSED|EACCES|the engine at \S+ does not answer/,
  reason: "the Docker engine does not answer",
  remedy: "start it, or set dockerHost to the one that is meant",
  passes: false,
  ofEngine: true,
};

const refused = {
  reason: "the registry refused the credentials",
  remedy: "run docker login, then run the update again",
  passes: false,
};

/** What an engine says when a pull fails, what it means, and what helps. The first that matches counts. */
const causes: readonly Cause[] = [
  {
    matches: /no space left on device/i,
    reason: "no space left on the engine's disk",
    remedy:
      "free some (docker system df shows what takes it, docker image prune removes images without a name), then run the update again; what was pulled is kept",
    passes: false,
    ofEngine: true,
  },
  rateLimit,
  noRegistry,
  ...otherForms,
  // Before what containerd's store says beside it: that access is denied, or the repository is not there.
  { ...refused, matches: /unauthorized|authentication required|no basic auth credentials/i },
  {
    matches: /manifest unknown|not found|does not exist|pull access denied|name unknown/i,
    reason: "the registry has no such image",
    remedy: "check the reference; a private image needs docker login",
    passes: false,
  },
  { ...refused, matches: /denied/i },
  {
    matches: /no byte and no extraction/,
    reason: "the pull stalled",
    remedy: "run the update again; where the engine is only slow at unpacking, raise pullStallSeconds",
    passes: true,
  },
  {
    matches: /unexpected (HTTP )?status:? (code )?5\d\d|\b50[0234]\b|server error|unexpected HTTP status/i,
    reason: "the registry has trouble of its own",
    remedy: "run the update again later, or set registryMirror",
    passes: true,
  },
  {
    matches: /verification failed|failed verification|unexpected digest|size validation failed/i,
    reason: "what arrived is not what the registry announced",
    remedy: "run the update again; check the proxy or mirror between",
    passes: true,
  },
  {
    // Node's words, of the way to the engine; those of an engine on its way to a registry are Go's.
    matches:
      /ECONNRESET|ETIMEDOUT|EPIPE|socket hang up|^aborted$|Premature close|\(no answer in|\(a proxy before it/,
    reason: "the connection to the Docker engine was lost",
    remedy: "see whether it runs (docker version), then run the update again",
    passes: true,
    ofEngine: true,
  },
  absent,
  unreachable,
];

function causeOf(error: Error): Cause | undefined {
  return causes.find(({ matches }) => matches.test(error.message));
}

/** Whether an engine says that it could not reach the registry. */
export function isUnreachable(error: Error): boolean {
  return causeOf(error) === unreachable;
}

/** Whether something answers in the place of a registry. */
export function isNoRegistry(error: Error): boolean {
  return causeOf(error) === noRegistry;
}

/** Whether a registry has something else than an image that can be pulled. */
export function isNoImage(error: Error): boolean {
  return otherForms.some((form) => causeOf(error) === form);
}

/** Whether an engine speaks of a registry's rate limit. */
export function isRateLimit(error: Error): boolean {
  return causeOf(error) === rateLimit;
}

/** Whether the engine is not there: for good, unless it was a moment ago. */
export function isAbsent(error: Error): boolean {
  return causeOf(error) === absent;
}

/** Whether the failure is the engine's own, and not a registry's. */
export function isOfEngine(error: Error): boolean {
  return causeOf(error)?.ofEngine ?? false;
}

/** Whether the same pull may succeed later with nothing changed. What is not known does not pass. */
export function mayPass(error: Error): boolean {
  return causeOf(error)?.passes ?? false;
}

/** Reason and the engine's own words, without the remedy. */
export function reasonOf(error: Error): string {
  const words = error.message.trim();
  const cause = causeOf(error);
  return cause === undefined ? words : `${cause.reason} (${words})`;
}

/** What to do about a failure; empty where it is not known. */
export function remedyOf(error: Error): string {
  return causeOf(error)?.remedy ?? "";
}

/** The message of a failed pull: image, reason, the engine's own words, remedy. */
export function explainPullFailure(reference: string, error: Error): string {
  return messageOf(reference, reasonOf(error), [remedyOf(error)]);
}

/** The same of a pull that failed from each of several registries, by what they are called. */
export function explainPullFailures(reference: string, failures: ReadonlyMap<string, Error>): string {
  const [[, only] = [], second] = [...failures];
  if (only !== undefined && second === undefined) return explainPullFailure(reference, only);
  const reasons = [...failures].map(([registry, error]) => `from ${registry}: ${reasonOf(error)}`);
  return messageOf(reference, reasons.join("; "), [...failures.values()].map(remedyOf));
}

function messageOf(reference: string, reason: string, remedies: readonly string[]): string {
  const known = [...new Set(remedies)].filter((remedy) => remedy !== "");
  const mend = known.length === 0 ? "" : `. To mend it: ${known.join("; or ")}.`;
  return `${reference} could not be pulled: ${reason}${mend}`;
}
