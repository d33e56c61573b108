/** How a registry wants to be authorized: its WWW-Authenticate header. */
export type Challenge =
  | { readonly scheme: "Basic" }
  | {
      readonly scheme: "Bearer";
      /** Where tokens are given. */
      readonly realm: string;
      readonly service?: string;
      readonly scope?: string;
    };

/** Reads a WWW-Authenticate header; undefined where it has no scheme that is known here. Bearer comes first. */
export function parseChallenge(header: string): Challenge | undefined {
  const [, bearer] = /(?:^|,)\s*Bearer\s+(.*)$/is.exec(header) ?? [];
  const { realm, service, scope } = parameters(bearer ?? "");
  if (realm !== undefined)
    return {
      scheme: "Bearer",
      realm,
      ...(service !== undefined && { service }),
      ...(scope !== undefined && { scope }),
    };
  return /(?:^|,)\s*Basic(?:\s|$)/i.test(header) ? { scheme: "Basic" } : undefined;
}

/** The first value of each name: what follows belongs to another challenge. */
function parameters(text: string): Readonly<Record<string, string | undefined>> {
  const found: Record<string, string> = {};
  for (const [, name = "", quoted, plain] of text.matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g))
    found[name.toLowerCase()] ??= quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
  return found;
}
