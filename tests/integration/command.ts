import { run as start } from "../../lib/run.ts";

/** Runs a program, with this process's variables unless others are given, and gives what it prints, as it is. */
export async function run(
  [file = "", ...args]: readonly string[],
  { env = process.env, input }: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<string> {
  const options = { env: env as Record<string, string>, ...(input !== undefined && { input }) };
  const { code, stdout, stderr, ending } = await start(file, args, options);
  if (code !== 0) throw new Error(`${[file, ...args].join(" ")} ${ending}:\n${stderr}`);
  return stdout;
}
