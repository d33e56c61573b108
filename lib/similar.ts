import { closestMatch } from "leven";

/**
 * A question for a word that is none of the known ones, to be put behind its message: ` (did you mean dspy_task?)`; empty
 * where none of them is alike.
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const closest = closestMatch(word, known, { maxDistance: Math.max(1, Math.floor(word.length * 0.4)) });
  return closest === undefined ? "" : ` (did you mean ${closest}?)`;
}
