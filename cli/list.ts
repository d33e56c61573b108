import { machine } from "../lib/remedy.ts";
import type { Caller } from "./caller.ts";
import { printJson } from "./json.ts";
import { stackConfigurations } from "./stack-file.ts";
import { table } from "./table.ts";
import { nextLine } from "./verdict.ts";

/** `./machine list`: the stacks of this folder, with what each is for. Changes nothing. */
export function list({ projectDir, output }: Caller, json: boolean): number {
  const stacks = stackConfigurations(projectDir).map(({ stack, configuration }) => ({
    stack,
    subset: String(configuration.subset),
    engine: String(configuration.dockerHost || "the engine that docker uses"),
    checkout: String(configuration.cooperbenchDir),
  }));
  if (json) printJson(output, "list", { stacks });
  else if (stacks.length === 0) output.print(`there is no stack yet\n${nextLine(machine("new", "STACK"))}`);
  else {
    const rows = stacks.map(({ stack, subset, engine, checkout }) => [stack, subset, engine, checkout]);
    output.print(`${table([["stack", "subset", "engine", "checkout"], ...rows]).join("\n")}\n`);
  }
  return 0;
}
