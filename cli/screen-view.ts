/** An operation at a terminal: one screen, drawn again in its place. Only what is to stay scrolls. */
import { stripVTControlCharacters } from "node:util";
import type { Course } from "./course.ts";
import { saidLine, type View } from "./line-view.ts";
import { type Shown, screen } from "./screen.ts";
import type { Output } from "./terminal.ts";

/**
 * Draws an operation. Libraries for this count rows by the width that a terminal had when they were drawn: after it was
 * made narrower they leave half of the old lines, which are counted by the width of now here.
 */
export function screenView(
  course: Course,
  shown: Shown,
  output: Pick<Output, "print" | "size" | "isInColour">,
): View {
  let drawn: readonly string[] = [];
  /** To the first letter of what is drawn, which the terminal has wrapped at its width of now. */
  const home = () => {
    const { columns } = output.size();
    const rows = drawn.reduce((sum, line) => {
      const letters = stripVTControlCharacters(line).length;
      return sum + Math.max(1, Math.ceil(letters / columns));
    }, 0);
    return rows === 0 ? "" : `\r${rows > 1 ? `\u001b[${rows - 1}A` : ""}`;
  };
  const draw = (above: readonly string[]) => {
    const lines = screen(course, shown, output.size(), output.isInColour);
    if (above.length === 0 && lines.join("\n") === drawn.join("\n")) return;
    const text = [...above, ...lines].map((line) => `${line}\u001b[K`).join("\n");
    output.print(`${home()}${text}\u001b[J`);
    drawn = lines;
  };
  return {
    took: (happened) => {
      if (happened.kind === "said") draw(saidLine(shown, happened).split("\n"));
    },
    passed: () => draw([]),
    ended: () => {
      if (drawn.length > 0) output.print(`${home()}\u001b[J`);
      drawn = [];
    },
  };
}
