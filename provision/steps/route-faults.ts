import { newestVersion } from "../../benchmark/known-faults.ts";
import { asUrl, isSameUrl } from "../../lib/url.ts";
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

const again = "run the update again, which writes it";

/** What is wrong with the route: each what was got, what is wanted, which variable wins, where it is, what mends it. */
export function routeFaults(seen: RouteSeen, wanted: RouteWanted): readonly string[] {
  if (seen.cannotAsk !== undefined) {
    const agent = seen.agent === undefined ? "" : ` ${seen.agent}`;
    return [
      `this version's agent${agent} cannot be asked: ${seen.cannotAsk}; want a version of CooperBench whose default agent makes a LitellmModel, such as ${newestVersion}: set cooperbenchVersion`,
    ];
  }
  // Versions of python-dotenv that do not heed it have read files.
  if (seen.urls?.PYTHON_DOTENV_DISABLED !== undefined && (seen.files ?? []).length === 0)
    return ["no .env is read: PYTHON_DOTENV_DISABLED is set; unset PYTHON_DOTENV_DISABLED"];
  const { asked = [], refused = [], error = "no error" } = seen;
  const [first] = asked;
  const faults = [
    ...(first !== undefined && !isSameUrl(first.url, wanted.url) ? [urlFault(first.url, seen, wanted)] : []),
    ...keyFaults(seen, wanted),
    ...hostFaults([...asked.slice(1).map(({ url }) => url), ...refused], [wanted.url, first?.url], wanted),
  ];
  if (faults.length > 0) return faults;
  if (first === undefined) return [`the agent's model asked nobody (${error}), want a call to ${wanted.url}`];
  const model = wanted.model.slice(wanted.model.indexOf("/") + 1);
  if (!first.hasKey) faults.push("the request has no Authorization: Bearer with the key, want that");
  if (first.model !== model) faults.push(`the request asks for the model ${first.model}, want ${model}`);
  if (faults.length === 0 && first.status !== 200)
    faults.push(`the mock of the API answered ${first.status ?? "nothing"} to the request, want 200`);
  if (faults.length === 0 && seen.error !== undefined)
    faults.push(`the agent's model ended with ${error} over a good answer, want none`);
  return faults;
}

/** Whether the version is to be asked what it heeds: its variable is right, and its calls go elsewhere. */
export function isUnheeded({ asked = [], urls = {} }: RouteSeen, { url }: Pick<RouteWanted, "url">): boolean {
  const [first] = asked;
  return first !== undefined && !isSameUrl(first.url, url) && isSameUrl(urls.COHERE_API_BASE ?? "", url);
}

function urlFault(got: string, seen: RouteSeen, wanted: RouteWanted): string {
  const calls = `calls go to ${got}, want ${wanted.url}`;
  const { origins = {}, urls = {} } = seen;
  const [azureKey, azureEndpoint] = [origins.AZURE_OPENAI_API_KEY, origins.AZURE_OPENAI_ENDPOINT];
  if (azureKey && azureEndpoint && got.startsWith(asUrl(withoutSecrets(urls.AZURE_OPENAI_ENDPOINT ?? "-")))) {
    return `${calls}: AZURE_OPENAI_API_KEY (${where(azureKey)}) and AZURE_OPENAI_ENDPOINT (${where(azureEndpoint)}) override the route; ${mend("AZURE_OPENAI_API_KEY", azureKey, wanted)}, and ${mend("AZURE_OPENAI_ENDPOINT", azureEndpoint, wanted)}`;
  }
  const base = origins.COHERE_API_BASE;
  const value = urls.COHERE_API_BASE;
  if (base === undefined || value === undefined) return `${calls}: ${missingBase(seen, wanted)}`;
  if (isSameUrl(value, wanted.url)) {
    const named = `COHERE_API_BASE (${where(base)})`;
    return seen.heedsBase === false
      ? `${calls}: this version of CooperBench does not heed ${named}; set cooperbenchVersion to one that does, such as ${newestVersion}`
      : `${calls}: ${named} is that, and the package asks another URL for it; set modelApiBase to one that it asks as it is`;
  }
  const isBase = isSameUrl(value.replace(/\/$/, ""), wanted.modelApiBase);
  const what = value === "" ? "nothing" : withoutSecrets(value);
  const hint = isBase ? ", which lacks /chat: litellm takes the full URL of the call" : "";
  return `${calls}: COHERE_API_BASE (${where(base)}) is ${what}${hint}, and wins; ${mend("COHERE_API_BASE", base, wanted)}`;
}

function missingBase({ origins = {}, files = [] }: RouteSeen, { dotenv }: RouteWanted): string {
  const old = origins.MSWEA_MODEL_API_BASE;
  const ineffective =
    old === undefined
      ? ""
      : `, and MSWEA_MODEL_API_BASE (${where(old)}) alone has no effect in this version of CooperBench`;
  const instead = files.filter((file) => file !== dotenv);
  const mending =
    files.includes(dotenv) || instead.length === 0
      ? `${again} into ${dotenv}`
      : `${instead.join(", ")} is read instead of ${dotenv}: move it away`;
  return `COHERE_API_BASE is set nowhere${ineffective}; ${mending}`;
}

function keyFaults({ key, origins = {} }: RouteSeen, wanted: RouteWanted): readonly string[] {
  if (key?.state === "same") return [];
  if (key?.state !== "other") {
    const empty = origins.COHERE_API_KEY;
    return [
      empty === undefined
        ? `there is no key: COHERE_API_KEY is set nowhere, want the stack's cohereApiKey; ${again} into ${wanted.dotenv}`
        : `there is no key: COHERE_API_KEY (${where(empty)}) is empty, and wins; ${mend("COHERE_API_KEY", empty, wanted)}`,
    ];
  }
  const variable = key.variable ?? "COHERE_API_KEY";
  const origin = origins[variable];
  return [
    `the key is another one than the stack's cohereApiKey: ${variable} (${where(origin)}) wins; ${mend(variable, origin, wanted)}`,
  ];
}

function hostFaults(
  others: readonly string[],
  told: readonly (string | undefined)[],
  { url }: RouteWanted,
): readonly string[] {
  const unique = [...new Set(others)].filter(
    (other) => !told.some((one) => one !== undefined && isSameUrl(one, other)),
  );
  if (unique.length === 0) return [];
  return [`also asked (and refused by the proof): ${unique.join(", ")}; want nobody but ${url}`];
}

type Known = Origin | { readonly exported: false } | undefined;

function isOrigin(origin: Known): origin is Origin {
  return origin !== undefined && ("file" in origin || origin.exported);
}

function where(origin: Known): string {
  return isOrigin(origin) ? told(origin) : "set by the package";
}

function mend(name: string, origin: Known, { dotenv }: RouteWanted): string {
  if (!isOrigin(origin)) return `see what sets ${name}`;
  // Of the update's own lines none is to be removed; of the others in that file it is none of ours.
  const isOurs = "file" in origin && origin.file === dotenv && name.startsWith("COHERE_");
  return isOurs ? again : removal(name, origin);
}

/** A URL without what may be a password. */
function withoutSecrets(url: string): string {
  return url
    .replace(/\/\/[^/@]*@/, "//")
    .replace(/[?#].*$/, "")
    .replace(/\/$/, "");
}
