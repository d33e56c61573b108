/** A URL as it is asked: its host in lower case, without a port that its scheme means. What is none stays as it is. */
export function asUrl(text: string): string {
  return URL.canParse(text) ? new URL(text).href : text;
}

/** Whether two texts mean one URL, however they are spelt. */
export function isSameUrl(a: string, b: string): boolean {
  return asUrl(a) === asUrl(b);
}
