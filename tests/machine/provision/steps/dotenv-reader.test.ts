import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { modelEnvironment } from "../../../../benchmark/model.ts";
import { Problem } from "../../../../lib/problem.ts";
import { inspectDotenv, removeFromDotenv, writeDotenv } from "../../../../provision/steps/dotenv.ts";
import {
  bytesOf,
  parseDotenv,
  textOf,
  withBlock,
  withoutBlocks,
} from "../../../../provision/steps/dotenv-block.ts";
import { askerIn, type DotenvCase, readCases } from "../../../../provision/steps/dotenv-reader.ts";
import { variablesOfRun } from "../../../../provision/steps/run-settings.ts";
import { lab1 } from "../../../owners.ts";
import { readsBack } from "../../../reads-back.ts";
import { dotenvVersions, makeDotenvVenv } from "./dotenv-venv.ts";

const variables = modelEnvironment("a-key", "https://a.example/v2");

let base: string;
let file: string;
const folderOf = (version: string) => join(base, version);
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "dotenv-reader-"));
  file = join(base, ".env");
  for (const version of Object.values(dotenvVersions)) await makeDotenvVenv(folderOf(version), version);
}, 300_000);
afterEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(base, { recursive: true }));

/** What python-dotenv itself reads of files, asked without this project's program; null of one that it fails at. */
function readByItself(
  files: readonly Uint8Array[],
  version: string,
): (Record<string, string | null> | null)[] {
  const paths = files.map((bytes, index) => {
    const path = join(base, `asked-${index}`);
    writeFileSync(path, bytes);
    return path;
  });
  const script = `
import json, logging, sys
from dotenv import dotenv_values
logging.disable()
def read(path):
    try: return dotenv_values(path)
    except ValueError: return None
print(json.dumps([read(path) for path in sys.argv[1:]]))`;
  const python = join(folderOf(version), ".venv", "bin", "python");
  return JSON.parse(execFileSync(python, ["-c", script, ...paths], { encoding: "utf8", env: {} }));
}

/** Bytes of lines that people and editors make, and some that nobody does, without a line of a block. */
const end = fc.constantFrom("\n", "\n", "\r\n", "\r", "");
const line = fc.oneof(
  fc.constantFrom(
    "COHERE_API_KEY=x",
    "export LITELLM_LOG='y'",
    "'COHERE_API_BASE'=z",
    "COHERE_API_KEY",
    "\u00a0COHERE_API_KEY=nbsp",
    "\fCOHERE_API_KEY=ff",
    "# comment",
    "",
    "A=1",
    'B="two\nlines"',
    "C='open",
    'D="open',
    `E=$${"{COHERE_API_KEY}"}`,
    "F=gr\u00fcn \u65e5\u672c",
    "nonsense here",
    "= no name",
    "G=1 # >>> cooperbench-machine",
    "\ufeffH=1",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !text.includes("\0")),
);
const userBytes = fc
  .tuple(fc.constantFrom("", "", "", "\ufeff"), fc.array(fc.tuple(line, end), { maxLength: 8 }))
  .map(([mark, lines]) => Buffer.from(mark + lines.flat().join(""), "utf8"));

describe("whatever is in a .env", () => {
  test("each byte of the user's is there after two writes, and after destroy", async () => {
    await fc.assert(
      fc.asyncProperty(userBytes, async (before) => {
        writeFileSync(file, before);
        await writeDotenv(file, lab1, variables, readsBack);
        const once = readFileSync(file);
        expect(inspectDotenv(file, lab1, variables)).not.toHaveProperty("fault");
        await writeDotenv(file, lab1, variables, readsBack);
        expect(readFileSync(file).equals(once)).toBe(true);
        await removeFromDotenv(file, lab1);
        expect(readFileSync(file).equals(before)).toBe(true);
      }),
    );
  });

  test("so it is where the user writes on below the block in between", async () => {
    await fc.assert(
      fc.asyncProperty(userBytes, userBytes, async (before, added) => {
        writeFileSync(file, before);
        await writeDotenv(file, lab1, variables, readsBack);
        writeFileSync(file, Buffer.concat([readFileSync(file), added]));
        await writeDotenv(file, lab1, variables, readsBack);
        await removeFromDotenv(file, lab1);
        const isEnded = before.length === 0 || added.length === 0 || /[\r\n]$/.test(textOf(before));
        const joined = isEnded || textOf(before) === "\u00ef\u00bb\u00bf" ? "" : "\n";
        expect(readFileSync(file).equals(Buffer.concat([before, Buffer.from(joined), added]))).toBe(true);
      }),
    );
  });

  test.each(Object.entries(dotenvVersions))(
    "the %s python-dotenv (%s) reads the block back below lines that it can read",
    async (_, version) => {
      await fc.assert(
        fc.asyncProperty(fc.array(userBytes, { minLength: 100, maxLength: 100 }), async (texts) => {
          const cases = texts.flatMap((bytes): DotenvCase[] => [
            { bytes, wanted: {} },
            {
              bytes: bytesOf(withBlock({ before: textOf(bytes), ownFile: false }, lab1, variables)),
              wanted: variables,
            },
          ]);
          const read = await readCases(folderOf(version), cases);
          expect(read).toHaveLength(cases.length);
          for (const [index] of texts.entries())
            if (read[2 * index]?.unread.length === 0)
              expect([texts[index]?.toString(), read[2 * index + 1]?.other]).toEqual([
                texts[index]?.toString(),
                [],
              ]);
        }),
        { numRuns: 4 },
      );
    },
  );

  test.each(Object.entries(dotenvVersions))(
    "a value that is printable is read back by the %s python-dotenv (%s), or named before it is written",
    async (_, version) => {
      const value = fc.oneof(
        fc.constantFrom(
          "key\\",
          "key\\\\",
          "k'ey",
          'k"ey',
          `$${"{HOME}"}`,
          `k$${"{A}"}y`,
          "$HOME",
          "k#ey",
          "'",
          "\\'",
        ),
        fc.string({ unit: "grapheme-ascii", minLength: 1 }),
      );
      const values = fc.sample(value, 100);
      const cases = values.map((COHERE_API_KEY) => ({
        bytes: bytesOf(withBlock({ before: "", ownFile: true }, lab1, { COHERE_API_KEY })),
        wanted: { COHERE_API_KEY },
      }));
      const read = await readCases(folderOf(version), cases);
      const itself = readByItself(
        cases.map(({ bytes }) => bytes),
        version,
      );
      for (const [index, { wanted }] of cases.entries()) {
        const isReadBack = itself[index]?.COHERE_API_KEY === wanted.COHERE_API_KEY;
        expect([wanted, read[index]?.other.length === 0]).toEqual([wanted, isReadBack]);
        // What the settings' table takes is never among those that are refused.
        if (/^[!#-&(-[\]-~]+$/.test(wanted.COHERE_API_KEY) && !wanted.COHERE_API_KEY.includes("${"))
          expect([wanted, read[index]?.other]).toEqual([wanted, []]);
      }
    },
  );
});

/** Files below, above and around the block. */
const odd: readonly (readonly [string, (block: string) => string | Buffer])[] = [
  ["an unclosed quote above", (block) => `A='open\n${block}`],
  ["an unclosed double quote above", (block) => `A="open\n${block}`],
  ["an unclosed quote below", (block) => `${block}A='open\n`],
  ["a quoted name below", (block) => `${block}'COHERE_API_BASE'=https://b.example\n`],
  ["a quoted name above", (block) => `'COHERE_API_BASE'=https://b.example\n${block}`],
  ["a bare name below", (block) => `${block}COHERE_API_KEY\n`],
  ["NBSP before a name below", (block) => `${block}\u00a0COHERE_API_KEY=x\n`],
  ["a form feed before a name below", (block) => `${block}\fCOHERE_API_KEY=x\n`],
  ["a form feed alone", (block) => `\f\n${block}\f`],
  ["export and a tab below", (block) => `${block}export\tCOHERE_API_KEY = x # c\n`],
  ["a colon in place of =", (block) => `${block}COHERE_API_KEY: x\n`],
  ["an empty value below", (block) => `${block}COHERE_API_KEY=\n`],
  ["a comment for a value below", (block) => `${block}COHERE_API_KEY= # none\n`],
  ["the name in a longer one", (block) => `${block}MY_COHERE_API_KEY=x\nCOHERE_API_KEY.old=x\n`],
  ["the name in a value over lines", (block) => `${block}A="\nCOHERE_API_KEY=x\n"\n`],
  ["CR alone for line ends below", (block) => `${block}A=1\rCOHERE_API_KEY=x\r`],
  ["CRLF throughout", (block) => `A=1\n${block}B=2\n`.replaceAll("\n", "\r\n")],
  ["line separators of Unicode", (block) => `${block}A=1\u2028COHERE_API_KEY=x\u0085COHERE_API_KEY=x\n`],
  ["the very value below", (block) => `${block}COHERE_API_KEY=a-key\n`],
  ["it by way of another variable", (block) => `${block}A=a-key\nCOHERE_API_KEY="\${A}"\n`],
  ["a byte order mark", (block) => `\ufeff${block}`],
  ["a byte order mark in the middle", (block) => `${block}\ufeffCOHERE_API_KEY=x\n`],
  ["Latin-1", (block) => Buffer.from(`${block}A=gr\u00fcn\n`, "latin1")],
  ["UTF-16", (block) => Buffer.from(`\ufeff${block}`, "utf16le")],
  ["half a character of UTF-8", (block) => Buffer.concat([Buffer.from(block), Buffer.of(0xe2, 0x82)])],
];

const { oldest, newest } = dotenvVersions;
describe.each([oldest, newest])("held against python-dotenv %s,", (version) => {
  const block = withBlock({ before: "", ownFile: false }, lab1, variables);
  const cases = odd.map(([name, change]) => ({ name, bytes: Buffer.from(change(block)) }));
  const areRight = (files: readonly Uint8Array[]) =>
    readByItself(files, version).map(
      (read) => read !== null && Object.entries(variables).every(([name, value]) => read[name] === value),
    );
  let right: readonly boolean[];
  beforeAll(() => {
    right = areRight(cases.map(({ bytes }) => bytes));
  });

  test.each(cases.map(({ name, bytes }, index) => ({ name, bytes, index })))(
    "a look at a .env with $name says what it says",
    async ({ bytes, index }) => {
      const own = join(folderOf(version), ".env");
      writeFileSync(own, bytes, { mode: 0o600 });
      const seen = inspectDotenv(own, lab1, variables);
      const environment = { MSWEA_GLOBAL_CONFIG_DIR: join(base, "agent"), PATH: process.env.PATH };
      const run = await variablesOfRun(folderOf(version), seen, variables, {}, environment);
      rmSync(own);
      const isWell = seen.fault === undefined && (run.own?.other ?? []).length === 0 && run.failed === null;
      expect(isWell).toBe(right[index]);
    },
  );

  test("an update over any of them writes what it reads, or nothing, and destroy leaves the rest", async () => {
    const written: { name: string; bytes: Buffer }[] = [];
    for (const { name, bytes } of cases) {
      writeFileSync(file, bytes);
      const rest = bytesOf(withoutBlocks(parseDotenv(textOf(bytes))));
      try {
        await writeDotenv(file, lab1, variables, askerIn(folderOf(version)));
      } catch (error) {
        expect(error, name).toBeInstanceOf(Problem);
        expect(readFileSync(file).equals(bytes), name).toBe(true);
        continue;
      }
      written.push({ name, bytes: readFileSync(file) });
      await removeFromDotenv(file, lab1);
      const left = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
      expect(left.equals(rest), name).toBe(true);
    }
    const are = areRight(written.map(({ bytes }) => bytes));
    expect(written.filter((_, index) => are[index] !== true)).toEqual([]);
    const names = written.map(({ name }) => name);
    const refused = cases.map(({ name }) => name).filter((name) => !names.includes(name));
    expect(refused).toEqual(["an unclosed quote above", "Latin-1", "UTF-16", "half a character of UTF-8"]);
  });
});
