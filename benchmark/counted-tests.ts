/** How many tests an output says to have passed and failed. */
export interface CountedTests {
  readonly passed: number;
  readonly failed: number;
}

/**
 * What CooperBench counts in a runner's output (`_parse_results` of its evaluation), whose files of a solo run have the
 * output alone. A test holds the two side by side.
 */
export function countTests(output: string): CountedTests {
  const jest = /Tests:\s*(?:(\d+)\s*failed,\s*)?(\d+)\s*passed/.exec(output);
  if (jest) return { passed: Number(jest[2]), failed: Number(jest[1] ?? 0) };

  const first = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const pytest = { passed: first(/(\d+) passed/), failed: first(/(\d+) failed/) + first(/(\d+) error/) };
  if (pytest.passed > 0 || pytest.failed > 0) return pytest;

  const count = (pattern: RegExp) => output.match(pattern)?.length ?? 0;
  const verbose = { passed: count(/--- PASS:/g), failed: count(/--- FAIL:/g) };
  if (verbose.passed > 0 || verbose.failed > 0) return verbose;

  // Python's lines end at \n alone, and JavaScript's at \r as well.
  const [ok, failed] = [count(/(?<![^\n])ok\s+\S+/g), count(/(?<![^\n])FAIL\s+\S+/g)];
  if (ok > 0 || failed > 0) return { passed: failed === 0 ? ok : 0, failed };

  const cargo = /test result:[^\n]*?(\d+) passed[^\n]*?(\d+) failed/.exec(output);
  return { passed: Number(cargo?.[1] ?? 0), failed: Number(cargo?.[2] ?? 0) };
}
