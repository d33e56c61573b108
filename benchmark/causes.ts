/** Why an agent, or an evaluation, ended with an exception. */
export interface Cause {
  readonly matches: RegExp;
  readonly reason: string;
  /** What helps; none where it is the model's own doing. */
  readonly remedy?: string;
}

/** What a model has brought about itself: it comes first, since its text may hold any number and any word. */
const models: readonly Cause[] = [
  {
    matches: /ContextWindowExceeded|too many tokens|maximum context length|context (window|length) exceeded/i,
    reason: "the context window was filled",
  },
];

/** What goes wrong on a machine, in the words that are left of it in an exception. The first that matches counts. */
const machines: readonly Cause[] = [
  {
    matches: /no space left on device|disk quota exceeded/i,
    reason: "the disk was full",
    remedy: "free some (docker system df), then ./machine doctor",
  },
  {
    matches: /cannot allocate memory|can't start new thread|too many open files/i,
    reason: "memory, processes or open files had run out",
    remedy: "fewer pairs at once (-c), or more memory",
  },
  {
    matches: /exit status 125/,
    reason: "the container could not be started, mostly for want of its image",
    remedy: "find the image with ./machine verify, and bring it with ./machine up",
  },
  {
    matches: /exit status 12[67]|executable file not found/i,
    reason: "the image could not run what the agent needs (bash)",
    remedy: "find the image with ./machine verify, and pull it again",
  },
  {
    matches: /'docker', 'run'.*timed out|docker run.*timed out/is,
    reason: "the container did not start in time, as when its image is pulled first",
    remedy: "run ./machine up before the run, and fewer pairs at once",
  },
  {
    matches:
      /Cannot connect to the Docker daemon|failed to connect to the docker API|docker\.errors\.DockerException|Error while fetching server API version|Connection aborted|No such file or directory: '[^']*docker'/i,
    reason: "the Docker engine did not answer",
    remedy: "start it, and export the DOCKER_HOST that ./machine plan names",
  },
  {
    matches: /ImageNotFound|No such image|manifest unknown|pull access denied/i,
    reason: "the container could not be started, mostly for want of its image",
    remedy: "find the image with ./machine verify, and bring it with ./machine up",
  },
  {
    matches: /No such container|container \w+ is not running|Error response from daemon/i,
    reason: "the container was gone before its end",
    remedy: "look for memory (dmesg) and for an engine that was restarted; fewer pairs at once",
  },
  {
    matches:
      /Error \S+ connecting to \S+:\d+\.|Connection closed by server|Error while (reading from|writing to) \S+|redis\.exceptions/i,
    reason: "there was no Redis",
    remedy: "start it before the run: docker start cooperbench-redis, or coop: true in the stack",
  },
  {
    matches: /AuthenticationError|PermissionDenied|invalid api (token|key)|no api key/i,
    reason: "the model's API refused the key",
    remedy: "check the key and where it goes: ./machine doctor",
  },
  {
    matches: /litellm\.NotFoundError/,
    reason: "the model's API has no such path or model",
    remedy: "check modelApiBase and model",
  },
  {
    matches: /RateLimitError|too many requests|limited to \d+ API calls/i,
    reason: "the model's API limited the rate",
    remedy: "fewer pairs at once (-c)",
  },
  {
    matches: /Global cost\/call limit exceeded/,
    reason: "a limit of all calls was set for the run (MSWEA_GLOBAL_COST_LIMIT, MSWEA_GLOBAL_CALL_LIMIT)",
    remedy: "take it out of .env and shell",
  },
  {
    // Where litellm has no name for a status of Cohere's API, it calls it a lost connection, and drops the status.
    matches: /APIConnectionError: \w+Exception - \{/,
    reason: "the model's API answered, and refused",
    remedy: "ask it once with ./machine doctor --live",
  },
  {
    matches:
      /litellm\.(APIConnectionError|Timeout)|(Connect|Connection)Error|Name or service not known|Temporary failure in name resolution|Network is unreachable|Connection (reset|refused)/i,
    reason: "the model's API was out of reach",
    remedy: "check network and proxy: ./machine doctor",
  },
  {
    matches: /litellm\.(ServiceUnavailableError|InternalServerError|BadGatewayError|APIError)/,
    reason: "the model's API had trouble of its own",
    remedy: "run these pairs again later",
  },
  {
    matches: /Feature file not found|Tests patch not found/,
    reason: "the dataset is not whole",
    remedy: "look at the checkout with ./machine up",
  },
  {
    matches: /Unknown agent: /,
    reason: "this version of CooperBench has no such agent",
    remedy: "give the run's command without -a",
  },
];

/** What an exception says of its cause: the model's own, the machine's, or nothing that is known. */
export function causeOf(said: string): Cause | undefined {
  return [...models, ...machines].find(({ matches }) => matches.test(said));
}

/** The last line of a traceback says what it is about; of other texts it is the first. */
export function firstLine(text: string): string {
  const lines = text.trim().split("\n");
  const line = (/^Traceback/.test(text.trim()) ? lines.at(-1) : lines[0]) ?? "";
  // A command that failed stands before how it failed.
  return line.length > 200 ? `${line.slice(0, 130)} … ${line.slice(-70)}` : line;
}
