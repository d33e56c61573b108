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

/** Whether a line of Pulumi's display is worth a line of a log. */
export function isWorthALine(line: string): boolean {
  return !noise.some((pattern) => pattern.test(line));
}
