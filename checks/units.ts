/** A number with its noun: 1 image, 2 images. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A span of time in the largest unit that fits: 6 hours, 5 minutes. */
export function showSeconds(seconds: number): string {
  if (seconds >= 3600) return count(Math.round(seconds / 3600), "hour");
  return seconds >= 60 ? count(Math.round(seconds / 60), "minute") : count(Math.round(seconds), "second");
}
