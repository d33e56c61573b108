import type { Output } from "./terminal.ts";

/** Milliseconds between two words of how far it is. */
const TELL_MS = 2000;

/**
 * Works, and says now and then how far it is.
 *
 * @param begins what is said until the work has told something.
 */
export async function whileTelling<Result>(
  { report }: Pick<Output, "report">,
  begins: string,
  work: (tell: (progress: string) => void) => Promise<Result>,
): Promise<Result> {
  let progress = begins;
  const timer = setInterval(() => report(progress), TELL_MS);
  try {
    return await work((text) => {
      progress = text;
    });
  } finally {
    clearInterval(timer);
  }
}
