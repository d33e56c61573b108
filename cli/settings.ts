import { encrypted } from "../program/configuration.ts";
import { byNewNames } from "../program/old-names.ts";
import { type Field, fields } from "../program/settings.ts";
import type { StackCaller } from "./caller.ts";
import { printJson } from "./json.ts";
import { readConfiguration, readStackFile } from "./stack-file.ts";
import { table } from "./table.ts";

/** `./machine settings [STACK]`: every setting of a stack, with its value and what it is. Changes nothing. */
export function settings(caller: StackCaller, json: boolean): number {
  const values = byNewNames(readStackFile(caller).values);
  const configuration = byNewNames(readConfiguration(caller));
  const told = Object.entries<Field>(fields).map(([name, { is, secret = false, default: usual }]) => ({
    name,
    value: secret || configuration[name] === encrypted ? "(secret)" : configuration[name],
    isSet: name in values,
    default: usual,
    is,
  }));
  const { stack, output } = caller;
  if (json) printJson(output, "settings", { stack, settings: told });
  else
    output.print(
      `${table([
        ["setting", "value", "default", "what it is"],
        ...told.map(({ name, value, isSet, default: usual, is }) => [
          ...[name, shown(value), isSet ? (usual === undefined ? "none" : shown(usual)) : "the same", is],
        ]),
      ]).join("\n")}\n`,
    );
  return 0;
}

/** A value as a reader takes it. */
export function shown(value: unknown): string {
  if (value === undefined || value === "") return "(empty)";
  return typeof value === "string" ? value : JSON.stringify(value);
}
