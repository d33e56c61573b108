import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { configurationOf, encrypted, type RawConfiguration } from "../configuration.ts";
import { Problem } from "../provision/problem.ts";

interface ProjectFile {
  readonly config: Readonly<Record<string, { readonly default?: unknown }>>;
}
interface StackFile {
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The settings file of a stack, which is there for every stack that was made. */
export function settingsFile(projectDir: string, stack: string): string {
  return join(projectDir, `Pulumi.${stack}.yaml`);
}

/** The names of the stacks that have a settings file. */
export function stacksWithSettings(projectDir: string): readonly string[] {
  return readdirSync(projectDir).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** A stack's configuration, unchecked: from its file, with the defaults of Pulumi.yaml. Secrets stay encrypted. */
export function readConfiguration(projectDir: string, stack: string): RawConfiguration {
  const file = settingsFile(projectDir, stack);
  if (!existsSync(file)) {
    throw new Problem(`there is no stack ${stack} (no ${file}); make it: ./machine new ${stack}`);
  }
  const { config: fields } = parse(readFileSync(join(projectDir, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const { config = {} } = (parse(readFileSync(file, "utf8")) ?? {}) as StackFile;
  return { ...defaultsOf(fields), ...ownValues(config) };
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
