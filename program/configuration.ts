/** Namespace of this project's configuration keys: the `name` of Pulumi.yaml. */
export const project = "cooperbench-machine";

/** Stands for a secret whose plain text is not known, as in a stack's settings file. */
export const encrypted = "[encrypted]";

/** Values by key, without the project's namespace, as Pulumi (all strings) or a settings file (typed) has them. */
export type RawConfiguration = Readonly<Record<string, unknown>>;

/** The project's own part of a configuration with namespaces, such as Pulumi gives to the program. */
export function configurationOf(all: RawConfiguration): RawConfiguration {
  const prefix = `${project}:`;
  const own = Object.entries(all).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}
