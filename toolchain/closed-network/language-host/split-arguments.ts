/** Splits a command line into its arguments: blanks separate, quotes and backslashes keep them together. */
export function splitArguments(line: string): string[] {
  const args: string[] = [];
  let current: string | undefined;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === "\\" && quote !== "'" && i + 1 < line.length) {
      current = (current ?? "") + line.charAt(++i);
    } else if (quote) {
      if (char === quote) quote = "";
      else current += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      current ??= "";
    } else if (/\s/.test(char)) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else {
      current = (current ?? "") + char;
    }
  }
  if (quote)
    throw new Error(`the arguments ${JSON.stringify(line)} open a quote (${quote}) and do not close it`);
  if (current !== undefined) args.push(current);
  return args;
}
