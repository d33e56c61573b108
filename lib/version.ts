/** Whether a version such as "v3.270.0" or "1.26" is the minimum or newer. Text without a version is not. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [got, want] = [numbers(version), numbers(minimum)];
  if (!got || !want) return false;
  for (let i = 0; i < 3; i++) {
    const difference = (got[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(text: string): number[] | undefined {
  return /\d+(\.\d+)*/.exec(text)?.[0].split(".").map(Number);
}
