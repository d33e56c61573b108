import { type ParseArgsConfig, parseArgs } from "node:util";

/** Reads options and a stack that may be left out; undefined where they are not understood. */
export function parseOptions<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [stack, ...more] = positionals;
    return more.length > 0 ? undefined : { values, stack };
  } catch {
    return undefined; // an option that is not known, or one without its value
  }
}
