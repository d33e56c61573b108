import { foundOf, Problem } from "../../lib/problem.ts";
import { machine, merged, type Remedies } from "../../lib/remedy.ts";

interface Cause {
  readonly matches: RegExp;
  readonly reason: string;
  readonly remedies: Remedies;
  /** Whether another attempt may do better with nothing changed. */
  readonly passes: boolean;
  /** Whether it is the engine's own, so that no other registry helps. Default: false. */
  readonly ofEngine?: boolean;
}

const again = { advice: "run the update again" };
const login = { command: ["docker", "login"], when: "if the image is private" };
const mirror = {
  ...machine("set", "STACK", "registryMirror", "HOST"),
  when: "if another registry has the images",
};

const unreachable: Cause = {
  matches:
    /no such host|dial tcp|i\/o timeout|TLS handshake|connection re|no route|unreachable|Temporary failure|context deadline|Client\.Timeout|awaiting (response )?headers|EOF|HTTP response to HTTPS client/i,
  reason: "the engine cannot reach the registry",
  remedies: { advice: "check the engine's network and proxy, then run the update again" },
  passes: true,
};

const rateLimit: Cause = {
  matches: /toomanyrequests|too many requests|rate limit|\b429\b/i,
  reason: "the registry's rate limit is reached",
  remedies: [
    { advice: "wait for its reset (Docker Hub counts over 6 hours), then run the update again" },
    { command: ["docker", "login"], when: "if you have an account with a higher limit" },
    mirror,
  ],
  passes: true,
};

const noRegistry: Cause = {
  matches: /invalid character '<'|text\/html|missing or empty Content-Type/i,
  reason: "what answers is not a registry",
  remedies: {
    advice:
      "get the proxy, or the login page of the engine's network, that answers in its place out of the way",
  },
  passes: false,
};

/** What a registry has under a reference where that is no image of the wanted kind. */
const otherForms: readonly Cause[] = [
  {
    matches: /missing signature key|schema ?(version )?1\b|manifest\.v1\+/i,
    reason: "the registry has a manifest of schema 1, which current engines do not pull",
    remedies: { advice: "have the image pushed again" },
    passes: false,
  },
  {
    matches: /unsupported media type|when fetching '|unexpected media type/i,
    reason: "the registry has something other than an image there, such as a Helm chart",
    remedies: { advice: "check the reference" },
    passes: false,
  },
  {
    matches: /no matching manifest for|does not match the specified platform/i,
    reason: "the registry has no such image for the platform of the lock",
    remedies: { ...machine("lock", "--check"), when: "to see what the registry has" },
    passes: false,
  },
];

const absent: Cause = {
  matches: /ENOENT|ECONNREFUSED|EACCES|the engine at \S+ does not answer/,
  reason: "the Docker engine does not answer",
  remedies: [
    { advice: "start it, then run the update again" },
    { ...machine("set", "STACK", "dockerHost", "HOST"), when: "if you mean another engine" },
  ],
  passes: false,
  ofEngine: true,
};

const refused = {
  reason: "the registry refused the credentials",
  remedies: { command: ["docker", "login"] },
  passes: false,
};

/** What an engine says when a pull fails, what it means, and what helps. The first that matches counts. */
const causes: readonly Cause[] = [
  {
    matches: /no space left on device/i,
    reason: "no space left on the engine's disk",
    remedies: [
      { command: ["docker", "system", "df"], when: "to see what uses it" },
      { command: ["docker", "image", "prune"], when: "to remove the images without a name" },
    ],
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
    remedies: [{ advice: "check the reference" }, login],
    passes: false,
  },
  { ...refused, matches: /denied/i },
  {
    matches: /no byte and no extraction/,
    reason: "the pull stalled",
    remedies: [
      again,
      {
        ...machine("set", "STACK", "pullStallSeconds", "SECONDS"),
        when: "if the engine is just slow at unpacking",
      },
    ],
    passes: true,
  },
  {
    matches: /unexpected (HTTP )?status:? (code )?5\d\d|\b50[0234]\b|server error|unexpected HTTP status/i,
    reason: "the registry had an internal error",
    remedies: [{ advice: "run the update again later" }, mirror],
    passes: true,
  },
  {
    matches: /verification failed|failed verification|unexpected digest|size validation failed/i,
    reason: "the data received is not what the registry announced",
    remedies: { advice: "check any proxy or mirror in between, then run the update again" },
    passes: true,
  },
  {
    // Node's words, of the way to the engine; those of an engine on its way to a registry are Go's.
    matches:
      /ECONNRESET|ETIMEDOUT|EPIPE|socket hang up|^aborted$|Premature close|\(no answer in|\(a proxy before it/,
    reason: "the connection to the Docker engine was lost",
    remedies: [again, { command: ["docker", "version"], when: "to see whether the engine runs" }],
    passes: true,
    ofEngine: true,
  },
  absent,
  unreachable,
];

function causeOf(error: Error): Cause | undefined {
  return causes.find(({ matches }) => matches.test(foundOf(error)));
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
  const words = foundOf(error).trim();
  const cause = causeOf(error);
  return cause === undefined ? words : `${cause.reason} (${words})`;
}

/** What helps with a failure; where it is not known, another attempt. */
export function remediesOf(error: Error): Remedies {
  return causeOf(error)?.remedies ?? again;
}

/**
 * A pull that failed from each of some registries.
 *
 * @param failures by what the registries are called. Of a single one the name is not shown.
 * @param more what is known besides.
 */
export function pullProblem(
  reference: string,
  failures: ReadonlyMap<string, Error>,
  more = "",
  options?: ErrorOptions,
): Problem {
  const reasons = [...failures].map(([registry, error]) =>
    failures.size === 1 ? reasonOf(error) : `from ${registry}: ${reasonOf(error)}`,
  );
  return new Problem(
    `${reference} could not be pulled: ${reasons.join("; ")}${more}`,
    merged([...failures.values()].map(remediesOf)),
    options,
  );
}
