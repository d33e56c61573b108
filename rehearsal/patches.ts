/** Lines of context that git shows before and after a change. */
const CONTEXT = 3;

/** A patch that adds a file, in lines. */
export function newFilePatch(path: string, lines: readonly string[]): string[] {
  return [
    `diff --git a/${path} b/${path}`,
    "new file mode 100644",
    "--- /dev/null",
    `+++ b/${path}`,
    `@@ -0,0 +1,${lines.length} @@`,
    ...lines.map((line) => `+${line}`),
  ];
}

/**
 * A patch, in lines, that replaces the one place where `old` stands in the file.
 * @throws Error when `old` is not in the file, or too near to its ends for a full context.
 */
export function replacementPatch(
  path: string,
  file: readonly string[],
  old: readonly string[],
  replacement: readonly string[],
): string[] {
  const at = file.findIndex((_, index) => old.every((line, offset) => file[index + offset] === line));
  const before = file.slice(Math.max(0, at - CONTEXT), Math.max(0, at));
  const after = file.slice(at + old.length, at + old.length + CONTEXT);
  if (at < 0 || before.length < CONTEXT || after.length < CONTEXT)
    throw new Error(
      `${path}: the lines to replace are not there with ${CONTEXT} lines around them: ${old[0]}`,
    );
  const start = at - CONTEXT + 1;
  const length = (lines: readonly string[]) => lines.length + 2 * CONTEXT;
  return [
    `diff --git a/${path} b/${path}`,
    `--- a/${path}`,
    `+++ b/${path}`,
    `@@ -${start},${length(old)} +${start},${length(replacement)} @@`,
    ...before.map((line) => ` ${line}`),
    ...old.map((line) => `-${line}`),
    ...replacement.map((line) => `+${line}`),
    ...after.map((line) => ` ${line}`),
  ];
}

/**
 * One patch of several to the same file, in the order of their places, each of one hunk.
 * The later hunks' new line numbers take in what the earlier ones add and remove.
 */
export function combine(patches: readonly (readonly string[])[]): string[] {
  let shift = 0;
  const hunks = patches.flatMap((patch) => {
    const [, oldStart, oldLength, newStart, newLength] = (
      /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/.exec(patch[3] ?? "") ?? []
    ).map(Number) as [number, number, number, number, number];
    const head = `@@ -${oldStart},${oldLength} +${newStart + shift},${newLength} @@`;
    shift += newLength - oldLength;
    return [head, ...patch.slice(4)];
  });
  return [...(patches[0] ?? []).slice(0, 3), ...hunks];
}
