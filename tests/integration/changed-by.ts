import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** The path of the log that an operation names. */
export function logFileOf({ stdout }: { readonly stdout: string }): string {
  return /^Log: (.*)$/m.exec(stdout)?.[1] ?? expect.fail(`no log is named in:\n${stdout}`);
}

/**
 * The names of the resources that an update changed, as Pulumi's own lines show them in its log.
 *
 * @param how such as `created|deleted`. Default: in any way.
 */
export function changedBy(update: { readonly stdout: string }, how?: string): readonly string[] {
  return changedIn(readFileSync(logFileOf(update), "utf8"), how);
}

/** The same of Pulumi's text. */
export function changedIn(text: string, how = "created|updated|replaced|deleted"): readonly string[] {
  const lines = text.matchAll(new RegExp(`^ *[+~-]+ +\\S+ (\\S+) (?:${how})\\b`, "gm"));
  return [...new Set([...lines].map(([, name]) => name ?? ""))].sort();
}
