import { readFileSync } from "node:fs";

/** All that Pulumi said in an operation, from the log that it names. */
export function logOf({ stdout }: { readonly stdout: string }): string {
  const path = /^Log: (.*)$/m.exec(stdout)?.[1];
  if (path === undefined) throw new Error(`no log is named in:\n${stdout}`);
  return readFileSync(path, "utf8");
}

/**
 * The names of the resources that an update changed, as Pulumi's own lines show them.
 *
 * @param how such as `created|deleted`. Default: in any way.
 */
export function changedBy(
  update: { readonly stdout: string },
  how = "created|updated|replaced|deleted",
): readonly string[] {
  const lines = logOf(update).matchAll(new RegExp(`^ *[+~-]+ +\\S+ (\\S+) (?:${how})\\b`, "gm"));
  return [...new Set([...lines].map(([, name]) => name ?? ""))].sort();
}
