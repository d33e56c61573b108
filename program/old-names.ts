import type { RawConfiguration } from "./configuration.ts";

/** What settings were called before, with their names of today: old stacks keep the old ones. */
export const oldNames: Readonly<Record<string, string>> = {
  smoke: "oracleTasks",
  smokeTimeoutSeconds: "oracleTimeoutSeconds",
};

/** The old names that a configuration has. */
export function oldNamesIn(configuration: RawConfiguration): readonly string[] {
  return Object.keys(oldNames).filter((old) => configuration[old] !== undefined);
}

/** A configuration by the names of today. What an old name says wins over the default of the new one. */
export function byNewNames(configuration: RawConfiguration): RawConfiguration {
  const old = oldNamesIn(configuration);
  const others = Object.entries(configuration).filter(([key]) => !old.includes(key));
  return Object.fromEntries([...others, ...old.map((key) => [oldNames[key], configuration[key]] as const)]);
}
