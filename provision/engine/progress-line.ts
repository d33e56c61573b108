import prettyBytes from "pretty-bytes";
import prettyMilliseconds from "pretty-ms";
import type { Progress } from "./pull-progress.ts";

/**
 * How far all pulls are, in one line: `9/26 verified; pulling: 3.1 GB of 24.9 GB, 85 MB/s, 4m 20s left`.
 *
 * @param verified such as `9/26`.
 * @param unlocked how many of the images have no known size until they are pulled.
 */
export function progressLine({ done, total, rate }: Progress, verified: string, unlocked: number): string {
  const sizes = `${prettyBytes(done)} of ${prettyBytes(total)}`;
  const known = unlocked === 0 ? sizes : `${sizes} known (${unlocked} images are not locked)`;
  const left = total - done;
  const time =
    left > 0 && rate > 0
      ? `, ${prettyBytes(rate)}/s, ${prettyMilliseconds((left / rate) * 1000, { secondsDecimalDigits: 0 })} left`
      : "";
  const doing = left === 0 && total > 0 ? "unpacking" : "pulling";
  return `${verified} verified; ${doing}: ${known}${time}`;
}
