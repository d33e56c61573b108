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
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
      });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve((performance.now() - started) / 1000);
      else reject(new Error(`${file} ${args.join(" ")} ended with ${code}:\n${said}`));
    });
  });
}

/** Seconds of several runs. */
export interface Series {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Takes measures in turn, so that a machine whose speed drifts is fair to all. The first round, which fills caches, is not
 * counted.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, Series>> {
  const names = Object.keys(measures) as Name[];
  const taken = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const took = await measures[name]();
      if (round > 0) taken.get(name)?.push(took);
    }
  }
  return Object.fromEntries([...taken].map(([name, values]) => [name, series(values)])) as Record<
    Name,
    Series
  >;
}

export function series(values: readonly number[]): Series {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** A series in words: `1.92 s (1.88 to 2.01)`. */
export function shown({ median: middle, least, most }: Series): string {
  return `${middle.toFixed(2)} s (${least.toFixed(2)} to ${most.toFixed(2)})`;
}
