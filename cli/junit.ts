/** One test of a suite. */
export interface JunitCase {
  readonly classname: string;
  readonly name: string;
  readonly seconds: number;
  /** Why it failed; undefined where it passed or was skipped. */
  readonly failure?: string | undefined;
  /** Why it was skipped. */
  readonly skipped?: string | undefined;
}

/** Results of one suite in JUnit's XML, as continuous integration reads them. */
export function junitXml(suite: string, cases: readonly JunitCase[]): string {
  const seconds = cases.reduce((sum, { seconds }) => sum + seconds, 0);
  const count = (kind: "failure" | "skipped") => cases.filter((one) => one[kind] !== undefined).length;
  const totals = attributes({
    name: suite,
    tests: cases.length,
    failures: count("failure"),
    errors: 0,
    skipped: count("skipped"),
    time: seconds.toFixed(3),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${totals}>`,
    `  <testsuite${totals}>`,
    ...cases.map(testcase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testcase({ classname, name, seconds, failure, skipped }: JunitCase): string {
  const opening = `    <testcase${attributes({ classname, name, time: seconds.toFixed(3) })}`;
  if (failure !== undefined) {
    const message = attributes({ message: failure.split("\n", 1)[0] ?? "" });
    return `${opening}><failure${message}>${escaped(failure)}</failure></testcase>`;
  }
  if (skipped !== undefined) return `${opening}><skipped${attributes({ message: skipped })}/></testcase>`;
  return `${opening}/>`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text that is well-formed in an element and an attribute; what XML 1.0 cannot hold is a replacement character. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\u{fffd}")
    .replaceAll(/[&<>"]/g, (character) => entities[character] ?? character)
    .replaceAll("\r", "&#13;");
}
