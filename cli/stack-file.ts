import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { Document, isMap, parseDocument } from "yaml";
import { otherThanFile, writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { machine, type Remedies } from "../lib/remedy.ts";
import { didYouMean } from "../lib/similar.ts";
import { project, type RawConfiguration } from "../program/configuration.ts";
import type { StackPlace } from "./caller.ts";
import {
  type ProjectYaml,
  parseProjectYaml,
  parseStackYaml,
  type StackYaml,
  yamlText,
} from "./settings-yaml.ts";

/** A stack of a project's folder. */
export type SettingsPlace = Pick<StackPlace, "projectDir" | "stack">;

/** The settings file of a stack, which is there for every stack that was made. */
export function settingsFile(projectDir: string, stack: string): string {
  return join(projectDir, `Pulumi.${stack}.yaml`);
}

/** Whether a stack has something in the place of its settings file, be it one or not. */
export function hasSettingsFile({ projectDir, stack }: SettingsPlace): boolean {
  return lstatSync(settingsFile(projectDir, stack), { throwIfNoEntry: false }) !== undefined;
}

/** The text of a file of YAML. Throws a Problem where it is no regular file, which may never end, or cannot be read. */
function readYaml(file: string): string {
  const refused = (why: string, remedies: Remedies) =>
    new Problem(`${file} cannot be read: ${why}`, remedies);
  const move = {
    command: ["mv", file, `${file}.old`],
    when: "move it out of the way, and put the file there",
  };
  const letRead = { advice: "let this user read it" };
  const link = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(file) : undefined;
  let stats: Stats;
  try {
    stats = statSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (link !== undefined && code === "ENOENT")
      throw refused(`it is a link to ${link}, which is not there`, move);
    if (code === "ELOOP") throw refused(`it is a link to ${link}, which leads back to itself`, move);
    throw refused(message, letRead);
  }
  const other = otherThanFile(stats);
  if (other !== undefined) throw refused(other, move);
  try {
    return yamlText(readFileSync(file), file);
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EACCES") throw refused(message, letRead);
    const mode = (stats.mode & 0o7777).toString(8);
    const user = process.geteuid?.();
    throw refused(`it is user ${stats.uid}'s, with mode ${mode}, and this is user ${user}`, [
      { advice: "run this command as that user" },
      { command: ["sudo", "chown", String(user), file], when: "to give the file to this one" },
    ]);
  }
}

/** The names of the stacks that have a settings file. */
export function stacksWithSettings(projectDir: string): readonly string[] {
  return readdirSync(projectDir).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** A command reads a file several times: what was parsed is parsed again only where the text is another. */
function parsedOnce<Parsed>(parse: (text: string, file: string) => Parsed): typeof parse {
  const known = new Map<string, { readonly text: string; readonly parsed: Parsed }>();
  return (text, file) => {
    const before = known.get(file);
    if (before?.text === text) return before.parsed;
    const parsed = parse(text, file);
    known.set(file, { text, parsed });
    return parsed;
  };
}

const stackYaml = parsedOnce(parseStackYaml);
const projectYaml = parsedOnce(parseProjectYaml);

/** A stack's settings file, as Pulumi reads it. Throws a Problem where there is none, or it is none. */
export function readStackFile({ projectDir, stack }: SettingsPlace): StackYaml {
  const file = settingsFile(projectDir, stack);
  if (!hasSettingsFile({ projectDir, stack })) {
    const others = stacksWithSettings(projectDir).toSorted();
    const there = others.length > 0 ? `; there are ${others.join(", ")}${didYouMean(stack, others)}` : "";
    throw new Problem(`there is no stack ${stack} (no ${file})${there}`, {
      ...machine("new", stack),
      when: "to make it",
    });
  }
  return stackYaml(readYaml(file), file);
}

/** A stack's configuration, unchecked: from its file, with the defaults of Pulumi.yaml. Secrets stay encrypted. */
export function readConfiguration(place: SettingsPlace): RawConfiguration {
  const yaml = readStackFile(place);
  return configurationOf(yaml, readProjectFile(place.projectDir));
}

/** The configuration of a stack whose file, and Pulumi.yaml, were read. */
export function configurationOf({ values }: StackYaml, { defaults }: ProjectYaml): RawConfiguration {
  return { ...defaults, ...values };
}

/** What the project's Pulumi.yaml says of its settings. */
export function readProjectFile(projectDir: string): ProjectYaml {
  const file = join(projectDir, "Pulumi.yaml");
  return projectYaml(readYaml(file), file);
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
 * Sets values in a stack's settings file, which is made where there is none: at once, readable by its owner alone. An
 * undefined one is taken out. One that is a link stays it, and what it leads to is written.
 */
export function writeSettings(
  projectDir: string,
  stack: string,
  values: Readonly<Record<string, unknown>>,
): void {
  const file = settingsFile(projectDir, stack);
  const isThere = hasSettingsFile({ projectDir, stack });
  const document = isThere ? parseDocument(readYaml(file)) : new Document({});
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  for (const [key, value] of Object.entries(values)) {
    const forms = [`${project}:${key}`, key, `${project}:config:${key}`];
    const there = forms.find((form) => document.hasIn(["config", form]));
    const path = ["config", there ?? `${project}:${key}`];
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, value);
  }
  const text = document.toString({ lineWidth: 0 });
  if (isThere) writeWhole(realpathSync(file), text);
  else writeWhole(file, text, { mode: 0o600 });
}
