import type { AgentResult, PairResult } from "./read-run.ts";

interface Cause {
  readonly matches: RegExp;
  readonly reason: string;
  readonly remedy: string;
}

/** What goes wrong on a machine, in the words that are left of it in a result. The first that matches counts. */
const causes: readonly Cause[] = [
  {
    matches: /no space left on device/i,
    reason: "the disk was full",
    remedy: "free some (docker system df), then ./machine doctor",
  },
  {
    matches:
      /Cannot connect to the Docker daemon|docker\.errors\.DockerException|Connection aborted|No such file or directory: '?docker/i,
    reason: "the Docker engine did not answer",
    remedy: "start it, and export the DOCKER_HOST that ./machine plan names",
  },
  {
    matches: /ImageNotFound|No such image|manifest unknown|pull access denied|exit status 125/i,
    reason: "the container could not be started, mostly for want of its image",
    remedy: "./machine verify tells which image, ./machine up brings it",
  },
  {
    matches: /exit status 12[67]|executable file not found/i,
    reason: "the image could not run what the agent needs (bash)",
    remedy: "./machine verify, then pull the image anew",
  },
  {
    matches: /'docker', 'run'.*timed out|docker run.*timed out/is,
    reason: "the container did not start in time, as when its image is pulled first",
    remedy: "./machine up before the run, and fewer pairs at once",
  },
  {
    matches: /No such container|is not running|Error response from daemon/i,
    reason: "the agent's container was gone before its end",
    remedy: "look for memory (dmesg) and for an engine that was restarted; fewer pairs at once",
  },
  {
    matches: /Error \d+ connecting to \S+:\d+\.|redis/i,
    reason: "there was no Redis",
    remedy: "start it before the run: docker start cooperbench-redis, or coop: true in the stack",
  },
  {
    matches: /AuthenticationError|PermissionDenied|invalid api (token|key)|no api key|\b40[13]\b/i,
    reason: "the model's API refused the key",
    remedy: "check the key and where it goes: ./machine doctor",
  },
  {
    matches: /NotFoundError|\b404\b/i,
    reason: "the model's API has no such path or model",
    remedy: "check modelApiBase and the model's name",
  },
  {
    matches: /RateLimitError|\b429\b|too many requests|rate limit|limited to \d+ API calls/i,
    reason: "the model's API limited the rate",
    remedy: "fewer pairs at once (-c)",
  },
  {
    // Where litellm has no name for a status of Cohere's API, it calls it a lost connection, and drops the status.
    matches: /APIConnectionError: \w+Exception - \{/,
    reason: "the model's API answered, and refused",
    remedy: "./machine doctor --live asks it once, and tells the status",
  },
  {
    matches:
      /APIConnectionError|ConnectError|ConnectionError|Name or service not known|Temporary failure in name resolution|Network is unreachable|timed? ?out|Connection reset/i,
    reason: "the model's API was out of reach",
    remedy: "check network and proxy: ./machine doctor",
  },
  {
    matches: /ServiceUnavailable|InternalServerError|BadGateway|\b50[0234]\b/i,
    reason: "the model's API had trouble of its own",
    remedy: "run these pairs again later",
  },
  {
    matches: /Feature file not found|Tests patch not found|dataset/i,
    reason: "the dataset is not whole",
    remedy: "./machine up, which looks at the checkout",
  },
];

/** What is to be thought of one pair. */
export interface Verdict {
  readonly pair: PairResult;
  /** valid: its result is the model's. machine: it is not. evaluation: the runs are, their evaluation failed. */
  readonly kind: "valid" | "machine" | "evaluation";
  /** Why it is not valid; empty where it is. */
  readonly reasons: readonly string[];
  /** What helps. */
  readonly remedies: readonly string[];
}

/**
 * Whether a pair's result says something of the model. CooperBench counts every failure as the model's: an agent that
 * ended with Error, one that never asked the model, and one whose container was gone tell of the machine.
 */
export function judge(pair: PairResult): Verdict {
  const failures = [
    ...(pair.unreadable === "" ? [] : [pair.unreadable]),
    ...pair.agents.flatMap(failureOf),
    ...pair.engineErrors,
  ];
  if (failures.length > 0) return verdict(pair, "machine", failures);
  if (pair.evaluation !== undefined && pair.evaluation.error !== "")
    return verdict(pair, "evaluation", [pair.evaluation.error]);
  return { pair, kind: "valid", reasons: [], remedies: [] };
}

function failureOf({ name, status, steps, error }: AgentResult): readonly string[] {
  if (status === "Error" || error !== "")
    return [error === "" ? `${name} ended with Error, which is not told` : error];
  if (status === "") return [`${name} has no status`];
  return steps === 0 ? [`${name} ended as ${status} without one call of the model`] : [];
}

function verdict(pair: PairResult, kind: Verdict["kind"], failures: readonly string[]): Verdict {
  const found = failures.map((said) => ({ said, cause: causes.find(({ matches }) => matches.test(said)) }));
  const reasons = found.map(({ said, cause }) =>
    cause ? `${cause.reason} (${firstLine(said)})` : firstLine(said),
  );
  const remedies = found.flatMap(({ cause }) => (cause ? [cause.remedy] : []));
  return { pair, kind, reasons: [...new Set(reasons)], remedies: [...new Set(remedies)] };
}

/** The last line of a traceback says what it is about; of other texts it is the first. */
function firstLine(text: string): string {
  const lines = text.trim().split("\n");
  const line = (/^Traceback/.test(text.trim()) ? lines.at(-1) : lines[0]) ?? "";
  // A command that failed stands before how it failed.
  return line.length > 200 ? `${line.slice(0, 130)} … ${line.slice(-70)}` : line;
}
