import { type Fault, machine, type Remedy } from "../../lib/remedy.ts";
import { asUrl, isSameUrl } from "../../lib/url.ts";
import { otherVersion } from "../remedies.ts";
import { type Origin, removal, told } from "./run-settings.ts";

/** What the agent's model was seen to ask, as `agent/prove_route.py` tells it. Without any key. */
export interface RouteSeen {
  /** Name of the default agent. */
  readonly agent?: string;
  /** Class of the model that it makes. */
  readonly modelClass?: string;
  /** What was looked for in vain, where this version's agent cannot be asked. */
  readonly cannotAsk?: string;
  /** Where the variables come from that decide the route. One that the package itself has set is not exported. */
  readonly origins?: Readonly<Record<string, Origin | { readonly exported: false }>>;
  /** The values of those that are no secret. */
  readonly urls?: Readonly<Record<string, string>>;
  /** The `.env` files that were read, in their order. */
  readonly files?: readonly string[];
  /** The run's key, compared with the wanted one, and the variable that has it. */
  readonly key?: { readonly state: "same" | "other" | "none"; readonly variable?: string };
  /** The requests, and what arrived of each. */
  readonly asked?: readonly {
    readonly url: string;
    readonly hasKey?: boolean;
    readonly model?: string | null;
    readonly status?: number;
  }[];
  /** Hosts that were looked up or connected to besides. */
  readonly refused?: readonly string[];
  /** Class of the error with which the query ended. */
  readonly error?: string;
  /** Whether another COHERE_API_BASE leads the calls elsewhere; undefined where that was not tried. */
  readonly heedsBase?: boolean;
}

/** What the agent's model is to ask. */
export interface RouteWanted {
  /** The URL of the call. */
  readonly url: string;
  /** Base URL of the model's API, which is no URL of a call. */
  readonly modelApiBase: string;
  /** Model as `cooperbench run -m` takes it. */
  readonly model: string;
  /** The `.env` that the update writes. */
  readonly dotenv: string;
}

const again = ({ dotenv }: RouteWanted): Remedy => ({
  advice: `run the update again: it writes it into ${dotenv}`,
});
const known: Remedy = { ...otherVersion, when: "to use a known version" };

/** What is wrong with the route: each what was seen, which variable wins, where it is, and what helps. */
export function routeFaults(seen: RouteSeen, wanted: RouteWanted): readonly Fault[] {
  if (seen.cannotAsk !== undefined) {
    const agent = seen.agent === undefined ? "" : ` ${seen.agent}`;
    return [
      { found: `this version's agent${agent} cannot be asked: ${seen.cannotAsk}`, remedies: otherVersion },
    ];
  }
  // Versions of python-dotenv that do not heed it have read files.
  if (seen.urls?.PYTHON_DOTENV_DISABLED !== undefined && (seen.files ?? []).length === 0)
    return [
      {
        found: "no .env is read: PYTHON_DOTENV_DISABLED is set",
        remedies: { command: ["unset", "PYTHON_DOTENV_DISABLED"] },
      },
    ];
  const { asked = [], refused = [], error } = seen;
  const [first] = asked;
  const faults = [
    ...(first !== undefined && !isSameUrl(first.url, wanted.url) ? [urlFault(first.url, seen, wanted)] : []),
    ...keyFaults(seen, wanted),
    ...hostFaults([...asked.slice(1).map(({ url }) => url), ...refused], [wanted.url, first?.url], wanted),
  ];
  if (faults.length > 0) return faults;
  const found = requestFaults(seen, wanted);
  return found.map((found) => ({ found, remedies: known }));

  function requestFaults({ asked: [first] = [] }: RouteSeen, { url, model }: RouteWanted): readonly string[] {
    if (first === undefined)
      return [`the agent's model asked nobody (${error ?? "no error"}), not even ${url}`];
    const name = model.slice(model.indexOf("/") + 1);
    const faults = [
      ...(first.hasKey ? [] : ["the request has no Authorization: Bearer with the key"]),
      ...(first.model === name ? [] : [`the request asks for the model ${first.model}, not for ${name}`]),
    ];
    if (faults.length > 0) return faults;
    if (first.status !== 200)
      return [`the mock of the API answered ${first.status ?? "nothing"} to the request, not 200`];
    return error === undefined ? [] : [`the agent's model ended with ${error} although the answer was good`];
  }
}

/** Whether the version is to be asked what it heeds: its variable is right, and its calls go elsewhere. */
export function isUnheeded({ asked = [], urls = {} }: RouteSeen, { url }: Pick<RouteWanted, "url">): boolean {
  const [first] = asked;
  return first !== undefined && !isSameUrl(first.url, url) && isSameUrl(urls.COHERE_API_BASE ?? "", url);
}

function urlFault(got: string, seen: RouteSeen, wanted: RouteWanted): Fault {
  const calls = `calls go to ${got}, not to ${wanted.url}`;
  const { origins = {}, urls = {} } = seen;
  const [azureKey, azureEndpoint] = [origins.AZURE_OPENAI_API_KEY, origins.AZURE_OPENAI_ENDPOINT];
  if (azureKey && azureEndpoint && got.startsWith(asUrl(withoutSecrets(urls.AZURE_OPENAI_ENDPOINT ?? "-"))))
    return {
      found: `${calls}: AZURE_OPENAI_API_KEY (${where(azureKey)}) and AZURE_OPENAI_ENDPOINT (${where(azureEndpoint)}) override the route`,
      remedies: [
        helpWith("AZURE_OPENAI_API_KEY", azureKey, wanted),
        helpWith("AZURE_OPENAI_ENDPOINT", azureEndpoint, wanted),
      ],
    };
  const base = origins.COHERE_API_BASE;
  const value = urls.COHERE_API_BASE;
  if (base === undefined || value === undefined) return missingBase(calls, seen, wanted);
  if (isSameUrl(value, wanted.url)) {
    const named = `COHERE_API_BASE (${where(base)})`;
    return seen.heedsBase === false
      ? { found: `${calls}: this version of CooperBench ignores ${named}`, remedies: known }
      : {
          found: `${calls}: ${named} is that, but the package asks another URL`,
          remedies: {
            ...machine("set", "STACK", "modelApiBase", "URL"),
            when: "with a URL that the package uses unchanged",
          },
        };
  }
  const isBase = isSameUrl(value.replace(/\/$/, ""), wanted.modelApiBase);
  const what = value === "" ? "nothing" : withoutSecrets(value);
  const hint = isBase ? ", which lacks /chat: litellm takes the full URL of the call" : "";
  return {
    found: `${calls}: COHERE_API_BASE (${where(base)}) is ${what}${hint}, and wins`,
    remedies: helpWith("COHERE_API_BASE", base, wanted),
  };
}

function missingBase(calls: string, { origins = {}, files = [] }: RouteSeen, wanted: RouteWanted): Fault {
  const { dotenv } = wanted;
  const old = origins.MSWEA_MODEL_API_BASE;
  const ineffective =
    old === undefined
      ? ""
      : `, and MSWEA_MODEL_API_BASE (${where(old)}) alone has no effect in this version of CooperBench`;
  const instead = files.includes(dotenv) ? [] : files;
  const found = `${calls}: COHERE_API_BASE is set nowhere${ineffective}`;
  return instead.length === 0
    ? { found, remedies: again(wanted) }
    : {
        found: `${found}; ${instead.join(", ")} is read instead of ${dotenv}`,
        remedies: { advice: `move ${instead.join(", ")} away` },
      };
}

function keyFaults({ key, origins = {} }: RouteSeen, wanted: RouteWanted): readonly Fault[] {
  if (key?.state === "same") return [];
  if (key?.state !== "other") {
    const empty = origins.COHERE_API_KEY;
    return [
      empty === undefined
        ? {
            found: `there is no key: COHERE_API_KEY is set nowhere`,
            remedies: again(wanted),
          }
        : {
            found: `there is no key: COHERE_API_KEY (${where(empty)}) is empty, and wins`,
            remedies: helpWith("COHERE_API_KEY", empty, wanted),
          },
    ];
  }
  const variable = key.variable ?? "COHERE_API_KEY";
  const origin = origins[variable];
  return [
    {
      found: `the key is not the stack's cohereApiKey: ${variable} (${where(origin)}) wins`,
      remedies: helpWith(variable, origin, wanted),
    },
  ];
}

function hostFaults(
  others: readonly string[],
  told: readonly (string | undefined)[],
  { url }: RouteWanted,
): readonly Fault[] {
  const unique = [...new Set(others)].filter(
    (other) => !told.some((one) => one !== undefined && isSameUrl(one, other)),
  );
  if (unique.length === 0) return [];
  return [
    { found: `besides ${url}, it also asked ${unique.join(", ")}, which the proof refused`, remedies: known },
  ];
}

type Known = Origin | { readonly exported: false } | undefined;

function isOrigin(origin: Known): origin is Origin {
  return origin !== undefined && ("file" in origin || origin.exported);
}

function where(origin: Known): string {
  return isOrigin(origin) ? told(origin) : "set by the package";
}

function helpWith(name: string, origin: Known, wanted: RouteWanted): Remedy {
  if (!isOrigin(origin)) return { advice: `find out what in CooperBench's package sets ${name}` };
  // Of the update's own lines none is to be removed; of the others in that file it is none of ours.
  const isOurs = "file" in origin && origin.file === wanted.dotenv && name.startsWith("COHERE_");
  return isOurs ? again(wanted) : removal(name, origin);
}

/** A URL without what may be a password. */
function withoutSecrets(url: string): string {
  return url
    .replace(/\/\/[^/@]*@/, "//")
    .replace(/[?#].*$/, "")
    .replace(/\/$/, "");
}
