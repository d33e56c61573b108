import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { RawConfiguration } from "../program/configuration.ts";

interface ProjectFile {
  readonly config: Readonly<Record<string, { readonly default?: unknown }>>;
}

/** A configuration with the defaults of Pulumi.yaml, a throw-away key, and the given values. */
export function configurationWith(values: RawConfiguration = {}): RawConfiguration {
  const { config } = parse(readFileSync(new URL("../Pulumi.yaml", import.meta.url), "utf8")) as ProjectFile;
  const defaults = Object.entries(config).flatMap(([key, field]) =>
    "default" in field ? [[key, field.default]] : [],
  );
  return { ...Object.fromEntries(defaults), cohereApiKey: "key-of-a-test", ...values };
}

/** The same as Pulumi hands it to the program: namespaced, all strings. */
export function programConfiguration(values: RawConfiguration = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configurationWith(values)).map(([key, value]) => [
      `cooperbench-machine:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
