/** What the lock says of an image. */
export interface LockedImage {
  /** The commit that /workspace/repo is at. */
  readonly baseCommit: string;
  readonly digest: string;
  /** `linux/amd64` */
  readonly platform: string;
  readonly compressedBytes: number;
}

/** The lock's text: sorted by reference, the keys of every entry in one order, so that equal locks are equal. */
export function formatLock(images: Readonly<Record<string, LockedImage>>): string {
  const sorted = Object.entries(images)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([reference, { baseCommit, digest, platform, compressedBytes }]) => [
      reference,
      { baseCommit, digest, platform, compressedBytes },
    ]);
  return `${JSON.stringify({ images: Object.fromEntries(sorted) }, null, 2)}\n`;
}
