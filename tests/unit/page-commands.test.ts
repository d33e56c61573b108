import { expect, test } from "vitest";
import { faultOf } from "../command-fault.ts";
import { codeBlocks, commandsIn, pages, readPage, sentences } from "../page-commands.ts";

/** Arguments of the `./machine` commands that a page prints: in its code blocks, and in its sentences. */
function printedIn(page: string): readonly (readonly string[])[] {
  const inBlocks = codeBlocks(page)
    .flatMap(({ lines }) => lines)
    // As it was printed: "Next: ./machine up dev".
    .map((line) => line.replace(/^(Next|Fix): /, ""));
  const inSentences = [...sentences(page).matchAll(/`(\.\/machine [^`]+)`/g)]
    .map(([, line = ""]) => line.replace(/[[\]]/g, ""))
    // A command that is only named there has no arguments.
    .map((line) => (/^\S+ (?!help$)\S+$/.test(line) ? `${line} --help` : line));
  return [...inBlocks, ...inSentences]
    .flatMap(commandsIn)
    .filter(([program]) => program === "./machine")
    .map(([, ...args]) => args);
}

test.each(pages)("the command line understands what %s prints", async (page) => {
  for (const args of printedIn(readPage(page)))
    expect([args, await faultOf(args)]).toEqual([args, undefined]);
});

test("what is printed is found, and what is not understood is a fault", async () => {
  const page = `
## A
\`\`\`sh
./machine new a && ./machine up a # b
$ ./machine lock >x
X=1 ./machine tell
\`\`\`
Use \`./machine set a b 'c d'\`, and \`./machine report [STACK]\` or \`./machine up\`.`;
  expect(printedIn(page)).toEqual([
    ...[["new", "a"], ["up", "a"], ["lock"], ["tell"]],
    ...[
      ["set", "a", "b", "c d"],
      ["report", "STACK"],
      ["up", "--help"],
    ],
  ]);
  expect(await faultOf(["tell"])).toContain("unknown command 'tell'");
  expect(pages.flatMap((page) => printedIn(readPage(page))).length).toBeGreaterThan(100);
});
