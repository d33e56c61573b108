import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Document, isMap, parseDocument } from "yaml";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { project, type RawConfiguration } from "../program/configuration.ts";
import type { StackPlace } from "./caller.ts";
import { parseProjectDefaults, parseStackYaml, type StackYaml } from "./settings-yaml.ts";

/** A stack of a project's folder. */
export type SettingsPlace = Pick<StackPlace, "projectDir" | "stack">;

/** The settings file of a stack, which is there for every stack that was made. */
export function settingsFile(projectDir: string, stack: string): string {
  return join(projectDir, `Pulumi.${stack}.yaml`);
}

/** The names of the stacks that have a settings file. */
export function stacksWithSettings(projectDir: string): readonly string[] {
  return readdirSync(projectDir).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** A stack's settings file, as Pulumi reads it. Throws a Problem where there is none, or it is none. */
export function readStackFile({ projectDir, stack }: SettingsPlace): StackYaml {
  const file = settingsFile(projectDir, stack);
  if (!existsSync(file)) {
    const others = stacksWithSettings(projectDir).toSorted();
    const there = others.length > 0 ? `; there are ${others.join(", ")}` : "";
    throw new Problem(
      `there is no stack ${stack} (no ${file})${there}.\nFix: to make it:\n  ./machine new ${stack}`,
    );
  }
  return parseStackYaml(readFileSync(file, "utf8"), file);
}

/** A stack's configuration, unchecked: from its file, with the defaults of Pulumi.yaml. Secrets stay encrypted. */
export function readConfiguration(place: SettingsPlace): RawConfiguration {
  const { values } = readStackFile(place);
  const file = join(place.projectDir, "Pulumi.yaml");
  return { ...parseProjectDefaults(readFileSync(file, "utf8"), file), ...values };
}

/** The stacks of a project's folder with their configurations, as `readConfiguration` gives them. */
export function stackConfigurations(
  projectDir: string,
): readonly { readonly stack: string; readonly configuration: RawConfiguration }[] {
  return stacksWithSettings(projectDir).flatMap((stack) => {
    try {
      return { stack, configuration: readConfiguration({ projectDir, stack }) };
    } catch {
      return []; // one that cannot be read is for its own commands to tell
    }
  });
}

/**
 * Sets values in a stack's settings file, which is made where there is none: at once, readable by its owner alone.
 */
export function writeSettings(
  projectDir: string,
  stack: string,
  values: Readonly<Record<string, unknown>>,
): void {
  const file = settingsFile(projectDir, stack);
  const document = existsSync(file) ? parseDocument(readFileSync(file, "utf8")) : new Document({});
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  for (const [key, value] of Object.entries(values)) {
    const forms = [`${project}:${key}`, key, `${project}:config:${key}`];
    const there = forms.find((form) => document.hasIn(["config", form]));
    document.setIn(["config", there ?? `${project}:${key}`], value);
  }
  writeWhole(file, document.toString({ lineWidth: 0 }), existsSync(file) ? {} : { mode: 0o600 });
}
