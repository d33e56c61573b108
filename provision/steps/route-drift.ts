import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { modelEnvironment, type Variables } from "../../benchmark/model.ts";
import type { Fault } from "../../lib/remedy.ts";
import type { Owner } from "../ownership/owner.ts";
import { variablesIn } from "./dotenv.ts";
import type { RunVariable } from "./dotenv-reader.ts";
import { ofRun, type RunSeen, removal, told } from "./run-settings.ts";

// Of the variables that a run is to have, those that decide its route.
const deciding = ["COHERE_API_KEY", "COHERE_API_BASE"] as const;
const azure = ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"] as const;

/** What leads a run's calls elsewhere, in words without any key. */
export interface RouteFault extends Fault {
  /** Whether it does for certain, so that the proof of the route would fail. */
  readonly isSure: boolean;
}

/**
 * What on this machine overrides the model's route right now; undefined where nothing does.
 * Not a proof. What is wrong with the checkout's own `.env` is for the look at that to tell.
 *
 * @param folder of the checkout.
 * @param wanted variables that a run is to have. An empty key is one that is not known.
 * @param seen variables that it would have.
 */
export function routeFault(folder: string, wanted: Variables, seen: RunSeen): RouteFault | undefined {
  const { variables, failed, unasked } = seen;
  const dotenv = resolve(folder, ".env");
  if (failed !== null && failed.file !== dotenv)
    return sure(`a run ends at ${failed.file}, which cannot be read (${failed.error})`, {
      advice: `have ${failed.file} be text in UTF-8 that this user can read, or move it away`,
    });
  const isOwn = ({ origin }: RunVariable) => "file" in origin && origin.file === dotenv;
  for (const name of deciding) {
    if (wanted[name] === "") continue;
    const variable = variables[name];
    if (variable !== undefined && !variable.isSame && !isOwn(variable))
      return sure(`${name} is overridden (${told(variable.origin)})`, removal(name, variable.origin));
    if (variable !== undefined) continue;
    if (!isUnread(seen, name)) continue;
    const disabled = variables.PYTHON_DOTENV_DISABLED;
    return disabled !== undefined
      ? sure(
          `${dotenv} is not read: PYTHON_DOTENV_DISABLED is set (${told(disabled.origin)})`,
          removal("PYTHON_DOTENV_DISABLED", disabled.origin),
        )
      : sure(`${name} is set nowhere: another .env is read instead of ${dotenv}`, {
          advice: "move the other .env away",
        });
  }
  if (unasked !== undefined && unasked !== dotenv)
    return {
      found: `${unasked} is read by a run, and may override it: there is no environment yet that could tell`,
      remedies: { advice: `look whether a line of ${unasked} sets one of these: ${deciding.join(", ")}` },
      isSure: false,
    };
  // The versions that heed them have a file for it.
  if (!existsSync(join(folder, "src", "cooperbench", "agents", "_azure.py"))) return undefined;
  const [key, endpoint] = azure.map((name) => variables[name]);
  if (key === undefined || key.isBlank || endpoint === undefined || endpoint.isBlank) return undefined;
  return sure(`${azure[0]} (${told(key.origin)}) and ${azure[1]} (${told(endpoint.origin)}) override it`, [
    removal(azure[0], key.origin),
    removal(azure[1], endpoint.origin),
  ]);
}

function sure(found: string, remedies: Fault["remedies"]): RouteFault {
  return { found, remedies, isSure: true };
}

/** Whether a run lacks a variable that the checkout's own `.env` has. */
function isUnread({ own }: RunSeen, name: string): boolean {
  return own !== null && !own.other.includes(name);
}

/**
 * What else decides what a run does, by name and place: the user's own lines and variables. An engine that the shell
 * names is not among them, because the stack's own settings have it.
 *
 * @param seen of a run that is to have the stack's engine as DOCKER_HOST.
 */
export function otherSettings({ variables }: RunSeen): readonly string[] {
  const names = new RegExp(ofRun);
  return Object.entries(variables)
    .filter(([name, { origin, isSame }]) => {
      const isEngine = name.startsWith("DOCKER_");
      return names.test(name) && !isSame && !(isEngine && !("file" in origin));
    })
    .map(([name, { origin }]) => `${name} (${told(origin)})`);
}

/**
 * The variables that a run is to have. For one who does not know the stack's key, that of the update's own lines in the
 * `.env` stands for it, and is empty where there are none.
 */
export function writtenVariables(
  folder: string,
  owner: Owner,
  modelApiBase: string,
  cohereApiKey?: string,
): Variables {
  const key = cohereApiKey ?? variablesIn(resolve(folder, ".env"), owner).COHERE_API_KEY ?? "";
  return modelEnvironment(key, modelApiBase);
}
