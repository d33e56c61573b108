import { spawn } from "node:child_process";

/** Seconds that a command takes, as a whole process. Throws where it does not end with 0. */
export function seconds(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve((performance.now() - started) / 1000);
      else reject(new Error(`${file} ${args.join(" ")} ended with ${code}:\n${stderr}`));
    });
  });
}

/** Takes both measures in turn, so that a machine whose speed drifts is fair to both; the first of each is not counted. */
export async function inTurn(
  runs: number,
  ours: () => Promise<number>,
  bare: () => Promise<number>,
): Promise<{ ours: number; bare: number; ratio: number }> {
  const pairs: { ours: number; bare: number; ratio: number }[] = [];
  for (let run = 0; run <= runs; run++) {
    const pair = { ours: await ours(), bare: await bare() };
    if (run > 0) pairs.push({ ...pair, ratio: pair.ours / pair.bare });
  }
  const of = (key: "ours" | "bare" | "ratio") => median(pairs.map((pair) => pair[key]));
  return { ours: of("ours"), bare: of("bare"), ratio: of("ratio") };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
