import { machine, type Remedies } from "../lib/remedy.ts";
import { fewerPairs, freeDisk, lookAtKernel, pullAgain, pullMissing } from "./run-remedies.ts";

/** Why an agent, or an evaluation, ended with an exception. */
export interface Cause {
  readonly matches: RegExp;
  readonly reason: string;
  /** What helps, of the stack STACK; none where it is the model's own doing. */
  readonly remedies?: Remedies;
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
    remedies: freeDisk,
  },
  {
    matches: /cannot allocate memory|can't start new thread|too many open files/i,
    reason: "memory, processes or open files had run out",
    remedies: [fewerPairs, { advice: "give the machine more memory" }],
  },
  {
    matches: /exit status 125/,
    reason: "the container could not be started, mostly for want of its image",
    remedies: pullMissing,
  },
  {
    matches: /exit status 12[67]|executable file not found/i,
    reason: "the image could not run what the agent needs (bash)",
    remedies: pullAgain,
  },
  {
    matches: /'docker', 'run'.*timed out|docker run.*timed out/is,
    reason: "the container did not start in time, as when its image is pulled first",
    remedies: [{ ...machine("up", "STACK"), when: "before the run" }, fewerPairs],
  },
  {
    matches:
      /Cannot connect to the Docker daemon|failed to connect to the docker API|docker\.errors\.DockerException|Error while fetching server API version|Connection aborted|No such file or directory: '[^']*docker'/i,
    reason: "the Docker engine did not answer",
    remedies: [
      { advice: "start the engine" },
      { ...machine("plan", "STACK"), when: "to see which DOCKER_HOST to export for the run" },
    ],
  },
  {
    matches: /ImageNotFound|No such image|manifest unknown|pull access denied/i,
    reason: "the container could not be started, mostly for want of its image",
    remedies: pullMissing,
  },
  {
    matches: /No such container|container \w+ is not running|Error response from daemon/i,
    reason: "the container was gone before its end",
    remedies: [lookAtKernel, fewerPairs],
  },
  {
    matches:
      /Error \S+ connecting to \S+:\d+\.|Connection closed by server|Error while (reading from|writing to) \S+|redis\.exceptions/i,
    reason: "there was no Redis",
    remedies: [
      { command: ["docker", "start", "cooperbench-redis"], when: "before the run, if it was there" },
      { ...machine("set", "STACK", "coop", "true"), when: "to have the stack make one" },
    ],
  },
  {
    matches: /AuthenticationError|PermissionDenied|invalid api (token|key)|no api key/i,
    reason: "the model's API refused the key",
    remedies: { ...machine("doctor", "STACK", "--live"), when: "to check the key and where it goes" },
  },
  {
    matches: /litellm\.NotFoundError/,
    reason: "the model's API has no such path or model",
    remedies: { ...machine("settings", "STACK"), when: "to check modelApiBase and model" },
  },
  {
    matches: /RateLimitError|too many requests|limited to \d+ API calls/i,
    reason: "the model's API limited the rate",
    remedies: fewerPairs,
  },
  {
    matches: /Global cost\/call limit exceeded/,
    reason: "a limit of all calls was set for the run (MSWEA_GLOBAL_COST_LIMIT, MSWEA_GLOBAL_CALL_LIMIT)",
    remedies: { advice: "remove these variables from .env and from the shell" },
  },
  {
    // Where litellm has no name for a status of Cohere's API, it calls it a lost connection, and drops the status.
    matches: /APIConnectionError: \w+Exception - \{/,
    reason: "the model's API answered, and refused",
    remedies: { ...machine("doctor", "STACK", "--live"), when: "to ask it once" },
  },
  {
    matches:
      /litellm\.(APIConnectionError|Timeout)|(Connect|Connection)Error|Name or service not known|Temporary failure in name resolution|Network is unreachable|Connection (reset|refused)/i,
    reason: "the model's API was out of reach",
    remedies: { ...machine("doctor", "STACK"), when: "to check network and proxy" },
  },
  {
    matches: /litellm\.(ServiceUnavailableError|InternalServerError|BadGatewayError|APIError)/,
    reason: "the model's API had trouble of its own",
    remedies: { advice: "run these pairs again later" },
  },
  {
    matches: /Feature file not found|Tests patch not found/,
    reason: "the dataset is not whole",
    remedies: { ...machine("up", "STACK"), when: "to put the checkout right" },
  },
  {
    matches: /Unknown agent: /,
    reason: "this version of CooperBench has no such agent",
    remedies: { advice: "give the run's command without -a" },
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
