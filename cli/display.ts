/**
 * Lines of Pulumi's display without a terminal that say nothing: dots, resources that are the same, refreshes that
 * found nothing, and starts of what soon ends. With a terminal Pulumi draws one tree, and nothing is left out.
 */
const noise: readonly RegExp[] = [
  /^@ [a-z ]+\.+$/,
  /^ ~ {2}\S+ \S+ refresh(ing)?( \([\d.]+s\))? *$/,
  /^ {4}\S+ \S+ +(running *)?$/,
  /^ [ +-]{1,2} +\S+ \S+ (creating|deleting)( \([\d.]+s\))? *$/,
];

/** Lines that tell how far the pulls are, of which a log needs fewer than a terminal. */
const progress = / verified; (pulling|unpacking): /;
const progressMs = 10_000;

/** A test of whether a line of Pulumi's display is worth a line of a log; one for each log, for it remembers. */
export function logFilter(clock: () => number = () => performance.now()): (line: string) => boolean {
  let told = Number.NEGATIVE_INFINITY;
  return (line) => {
    if (!progress.test(line)) return !noise.some((pattern) => pattern.test(line));
    if (clock() - told < progressMs) return false;
    told = clock();
    return true;
  };
}
