import { commandLine } from "../cli/commands.ts";

/** What the command line says of arguments that it does not understand; undefined where it does. */
export async function faultOf(args: readonly string[]): Promise<string | undefined> {
  let said = "";
  const tell = (text: string | Uint8Array) => {
    said += text;
  };
  const program = commandLine(async () => {}, { print: () => {}, note: tell, say: tell });
  // What follows exec is another program's.
  const given = args[0] === "exec" ? ["exec", "--", ...args.slice(1)] : args;
  return program.parseAsync([...given], { from: "user" }).then(
    () => undefined,
    // Help is an answer.
    ({ exitCode }: { exitCode: number }) => (exitCode === 0 ? undefined : said),
  );
}
