/** Says what is being done while it is being done, with times. */

/** Gets a line for the user. */
export type Report = (line: string) => void;

/** A step that is longer says every so many seconds that it is alive. */
const ALIVE_SECONDS = 10;

/**
 * Does one step: says so, says so again while it lasts, and says how long it took. `doing` may be told what it is
 * at, and the lines in between show it.
 */
export async function step<T>(
  report: Report,
  name: string,
  doing: (at: (what: string) => void) => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  let what = "";
  report(`${name} …`);
  const timer = setInterval(
    () => report(`${name} … ${Math.round(Number(seconds()))} s${what && `, ${what}`}`),
    ALIVE_SECONDS * 1000,
  );
  try {
    const result = await doing((now) => {
      what = now;
    });
    report(`${name}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
