import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { modelEnvironment } from "../../benchmark/model.ts";
import type { Owner } from "../ownership/owner.ts";
import { type Variables, variablesIn } from "./dotenv.ts";
import { isDotenvDisabled, type RunVariable, told, variablesOfRun } from "./run-settings.ts";

// Of the variables that a run is to have, those that decide its route.
const deciding = ["COHERE_API_KEY", "COHERE_API_BASE"] as const;
const azure = ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"] as const;

/**
 * What on this machine overrides the model's route right now, in words without any key; undefined where nothing does.
 * A look at variables and files, not a proof. What the checkout's own `.env` lacks is for `inspectDotenv` to tell.
 *
 * @param folder of the checkout.
 * @param wanted variables that a run is to have.
 * @param environment that runs are started from.
 */
export function inspectRoute(
  folder: string,
  wanted: Variables,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const dotenv = resolve(folder, ".env");
  if (!existsSync(dotenv)) return undefined;
  const variables = variablesOfRun(folder, environment);
  const isOwn = ({ origin }: RunVariable) => "file" in origin && origin.file === dotenv;
  for (const name of deciding) {
    const variable = variables.get(name);
    if (variable !== undefined && variable.value !== wanted[name] && !isOwn(variable))
      return `${name} is overridden (${told(variable.origin)})`;
    if (variable === undefined && isDotenvDisabled(environment.PYTHON_DOTENV_DISABLED))
      return "PYTHON_DOTENV_DISABLED is exported: no .env is read";
  }
  // The versions that heed them have a file for it.
  if (!existsSync(join(folder, "src", "cooperbench", "agents", "_azure.py"))) return undefined;
  const [key, endpoint] = azure.map((name) => variables.get(name));
  if (!key?.value.trim() || !endpoint?.value.trim()) return undefined;
  return `${azure[0]} (${told(key.origin)}) and ${azure[1]} (${told(endpoint.origin)}) override it`;
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

/** As `inspectRoute`, with what `writtenVariables` gives: without a key, what is exported is looked at alone. */
export function inspectWrittenRoute(
  folder: string,
  wanted: Variables,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const { COHERE_API_BASE: exported = wanted.COHERE_API_BASE } = environment;
  if (exported !== wanted.COHERE_API_BASE)
    return `COHERE_API_BASE is overridden (${told({ exported: true })})`;
  return wanted.COHERE_API_KEY === "" ? undefined : inspectRoute(folder, wanted, environment);
}
