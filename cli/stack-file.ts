import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Document, isMap, parse, parseDocument } from "yaml";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { configurationOf, encrypted, project, type RawConfiguration } from "../program/configuration.ts";
import type { StackPlace } from "./caller.ts";

interface ProjectFile {
  readonly config: Readonly<Record<string, { readonly default?: unknown }>>;
}
interface StackFile {
  readonly config?: Readonly<Record<string, unknown>>;
}

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

/** A stack's configuration, unchecked: from its file, with the defaults of Pulumi.yaml. Secrets stay encrypted. */
export function readConfiguration({ projectDir, stack }: SettingsPlace): RawConfiguration {
  const file = settingsFile(projectDir, stack);
  if (!existsSync(file)) {
    const others = stacksWithSettings(projectDir).toSorted();
    const there = others.length > 0 ? `; there are ${others.join(", ")}` : "";
    throw new Problem(
      `there is no stack ${stack} (no ${file})${there}.\nFix: to make it:\n  ./machine new ${stack}`,
    );
  }
  const { config: fields } = parse(readFileSync(join(projectDir, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const { config = {} } = (parse(readFileSync(file, "utf8")) ?? {}) as StackFile;
  return { ...defaultsOf(fields), ...ownValues(config) };
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
 *
 * @param keep leaves values that are set already.
 */
export function writeSettings(
  projectDir: string,
  stack: string,
  values: Readonly<Record<string, unknown>>,
  keep = false,
): void {
  const file = settingsFile(projectDir, stack);
  const document = existsSync(file) ? parseDocument(readFileSync(file, "utf8")) : new Document({});
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  for (const [key, value] of Object.entries(values)) {
    const path = ["config", `${project}:${key}`];
    if (!keep || !document.hasIn(path)) document.setIn(path, value);
  }
  writeWhole(file, document.toString({ lineWidth: 0 }), existsSync(file) ? {} : { mode: 0o600 });
}

function defaultsOf(fields: ProjectFile["config"]): RawConfiguration {
  const withDefault = Object.entries(fields).filter(([, field]) => field.default !== undefined);
  return Object.fromEntries(withDefault.map(([key, field]) => [key, field.default]));
}

function ownValues(config: NonNullable<StackFile["config"]>): RawConfiguration {
  const own = Object.entries(configurationOf(config));
  return Object.fromEntries(own.map(([key, value]) => [key, isEncrypted(value) ? encrypted : value]));
}

function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}
