import { faultOf } from "./command-fault.ts";

/** The commands of this project that what was printed names as a fix, or as what comes next: in lines, or in JSON. */
export function commandsIn(printed: string): readonly string[] {
  // Where it is JSON, a remedy's text is a string in it.
  const lines = printed
    .replaceAll("\\n", "\n")
    .replaceAll(/"remedy": "|",$/gm, "")
    .split("\n");
  const found = lines.flatMap((line, at) => {
    const said = /(?:^|[\s.;])(?:Fix|Next): (.*)$/.exec(line)?.[1];
    if (said !== undefined)
      return said.split("; or ").flatMap((one) => /(?:^|: )(\.\/machine .*)$/.exec(one)?.[1] ?? []);
    const isBelow = /(?:^|[\s.;])Fix: .*:$/.test(lines[at - 1] ?? "");
    return (isBelow && /^ +(\.\/machine .*)$/.exec(line)?.[1]) || [];
  });
  return [...new Set(found.map((line) => line.trimEnd()))];
}

/** Of commands as they are typed, those that the command line does not understand, and why. */
export async function misunderstood(lines: readonly string[]): Promise<readonly string[]> {
  const wrong = await Promise.all(
    lines.map(async (line) => {
      const said = await faultOf(wordsOf(line).slice(1));
      return said === undefined ? [] : `${line}: ${said.trim()}`;
    }),
  );
  return wrong.flat();
}

/** A line as a shell takes it that has no more than words and single quotes. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:[^\s'\\]|\\.|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/\\(.)|'([^']*)'/g, (_, plain: string | undefined, quoted) => plain ?? quoted),
  );
}
