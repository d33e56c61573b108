import type { Output } from "./terminal.ts";

/** Milliseconds between two looks at how far it is. */
const lookMs = 2000;

/** Looks after which the same is said again. */
const patience = 15;

/**
 * Works, and says how far it is: what is new at once, and the same every half minute.
 *
 * @param begins what is said until the work has told something.
 */
export async function whileTelling<Result>(
  { report }: Pick<Output, "report">,
  begins: string,
  work: (tell: (progress: string) => void) => Promise<Result>,
): Promise<Result> {
  let progress = begins;
  let said = "";
  let silent = 0;
  const timer = setInterval(() => {
    silent += 1;
    if (progress === said && silent < patience) return;
    report(progress);
    said = progress;
    silent = 0;
  }, lookMs);
  try {
    return await work((text) => {
      progress = text;
    });
  } finally {
    clearInterval(timer);
  }
}
