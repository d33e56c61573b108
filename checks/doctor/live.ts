import { join } from "node:path";
import { Problem } from "../../lib/problem.ts";
import { machine, type Remedy } from "../../lib/remedy.ts";
import { isSameUrl } from "../../lib/url.ts";
import type { Owner } from "../../provision/ownership/owner.ts";
import { inspectDotenv, variablesIn } from "../../provision/steps/dotenv.ts";
import { callLive, type LiveCall } from "../../provision/steps/live.ts";
import { proveRoute } from "../../provision/steps/route.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** What a real call needs. */
export interface Live {
  readonly owner: Owner;
  /** Absolute path of the checkout. */
  readonly checkout: string;
  /** Base URL of the model's API. */
  readonly modelApiBase: string;
  /** Model as `cooperbench run -m` takes it. */
  readonly model: string;
}

/**
 * Makes one small real call of the model, as a run does and with the stack's key. First the route is proved, so that the
 * key goes nowhere else.
 */
export async function askLive({ owner, checkout, modelApiBase, model }: Live): Promise<Finding> {
  const dotenv = join(checkout, ".env");
  const { stack } = owner;
  const variables = variablesIn(dotenv, owner);
  const { fault } = inspectDotenv(dotenv, owner, variables);
  const key = variables.COHERE_API_KEY;
  if (fault !== undefined || key === undefined) {
    const why = fault ?? `it has no key of stack ${stack}`;
    return blocker("live", `not asked: ${dotenv}: ${why}`, machine("up", stack));
  }
  try {
    const { url } = await proveRoute({ folder: checkout, modelApiBase, model, key });
    return liveFinding(url, await callLive(checkout, model), stack);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return blocker("live", `not asked: ${error.found}`, error.remedies);
  }
}

/** Judges what came of the call. */
export function liveFinding(url: string, call: LiveCall, stack: string): Finding {
  const { answers, error, inputTokens, outputTokens, costDollars } = call;
  const time = `in ${call.seconds.toFixed(1)} s`;
  const [first] = answers;
  const others = answers.filter((answer) => !isSameUrl(answer.url, url));
  const failed = error === undefined ? "" : `: ${error}`;
  if (first !== undefined && others.length > 0) {
    const chain = others.map((answer) => `${answer.url}, which answered ${answer.status}`).join(", then to ");
    const isElsewhere = others.some((answer) => new URL(answer.url).host !== new URL(url).host);
    const went = isElsewhere ? "; a run's calls go there too, with everything that the model is asked" : "";
    const found = `${url} answered ${first.status} ${time} and redirected the call to ${chain}${failed}${went}`;
    return (isElsewhere ? blocker : warning)(
      "live",
      found,
      setBase("the base URL that answers itself", stack),
    );
  }
  const status = answers.at(-1)?.status ?? null;
  const answer = status === null ? "did not answer" : `answered ${status}`;
  if (error !== undefined)
    return blocker("live", `${url} ${answer} ${time}${failed}`, remedyFor(status, url, stack));
  if (call.isEmpty === true) {
    const remedy = ask(url, "to see whether it is the model's API, and has the model");
    return blocker("live", `${url} ${answer} ${time}, with an empty answer`, remedy);
  }
  const tokens = `${inputTokens ?? "?"} tokens in, ${outputTokens ?? "?"} out`;
  const cost = costDollars == null ? "cost not known" : `cost ${dollars(costDollars)}, by litellm's prices`;
  return ok("live", `${url} ${answer} ${time}: ${tokens}; ${cost}`);
}

/** Of a small sum the first two digits that count. */
function dollars(sum: number): string {
  const digits = Math.min(20, Math.max(2, 1 - Math.floor(Math.log10(sum))));
  return `$${sum.toFixed(digits)}`;
}

function ask(url: string, when: string): Remedy {
  return { command: ["curl", "-sS", "-o", "/dev/null", url], when };
}

function setBase(what: string, stack: string): Remedy {
  return { ...machine("set", stack, "modelApiBase", "URL"), when: `set ${what}, before the next update` };
}

function remedyFor(status: number | null, url: string, stack: string): Remedy {
  if (status === null) return ask(url, "to see why nobody answers (name, proxy, firewall)");
  if (status === 401 || status === 403)
    return {
      ...machine("set", stack, "cohereApiKey"),
      when: "the key is refused: set another, before the next update",
    };
  if (status === 404) return setBase("its base URL: the API has no such path or model", stack);
  if (status >= 300 && status < 400) return setBase("its base URL: the API is elsewhere", stack);
  if (status === 429) return { advice: "wait, or have the key's rate limit raised: it is used up" };
  if (status >= 500) return { advice: "try again later: the API has an internal error" };
  return { advice: "read what the API says: it refuses the request" };
}
