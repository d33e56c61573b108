/** A terminal of a size that a command runs in, and its screen as a picture. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import xterm, { type IBufferCell, type Terminal } from "@xterm/headless";
import { shellWord } from "../../lib/shell-word.ts";

/** Size of a screen, in letters and lines. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What a command leaves on the screen. */
export interface Recorded {
  /** The last screen that was asked for while it ran; undefined where there was none. */
  readonly during: string | undefined;
  /** The screen at its end. */
  readonly end: string;
  readonly code: number | null;
}

/** Milliseconds between two looks at the screen. */
const lookMs = 250;

/**
 * Runs a command in a terminal of its own (`script`, of util-linux).
 *
 * @param isWanted whether the screen is one for the picture of the command at work.
 */
export async function record(
  command: readonly string[],
  { columns, rows }: Size,
  env: NodeJS.ProcessEnv,
  isWanted: (screen: string) => boolean = () => false,
): Promise<Recorded> {
  const title = `A terminal of ${columns} by ${rows}: ${[basename(command[0] ?? ""), ...command.slice(1)].join(" ")}`;
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: false });
  const line = `stty cols ${columns} rows ${rows}; ${command.map(shellWord).join(" ")}`;
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", line, "/dev/null"], {
    env: { ...env, TERM: "xterm-256color", COLORTERM: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.on("data", (bytes: Buffer) => terminal.write(bytes));
  let during: string | undefined;
  const look = setInterval(() => {
    if (isWanted(textOf(terminal))) during = pictureOf(terminal, title);
  }, lookMs);
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(look);
  await new Promise<void>((written) => terminal.write("", written));
  return { during, end: pictureOf(terminal, title), code };
}

function textOf(terminal: Terminal): string {
  return linesOf(terminal)
    .map((line) => line.translateToString(true))
    .join("\n");
}

function linesOf({ buffer: { active }, rows }: Terminal) {
  return Array.from({ length: rows }, (_, row) => active.getLine(active.baseY + row)).flatMap(
    (line) => line ?? [],
  );
}

/** Pixels of a letter and a line. */
const letter = { width: 7.8, height: 17 };
const margin = 12;

/** Colours of a terminal, and of its sixteen. */
const colours = { back: "#1c1f26", fore: "#d8dee9" };
const sixteen =
  "#3b4252 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #d8dee9 #7f8796 #ff7b86 #b5e890 #ffd68a #8cc8ff #e0a0ff #7ad7e0 #ffffff".split(
    " ",
  );

/** The screen as SVG, with a title for who does not see it. */
function pictureOf(terminal: Terminal, title: string): string {
  const lines = linesOf(terminal);
  const last = lines.findLastIndex((line) => line.translateToString(true) !== "");
  const width = terminal.cols * letter.width + 2 * margin;
  const height = (last + 1) * letter.height + 2 * margin;
  const rows = lines.slice(0, last + 1).map((line, row) => {
    const runs: { style: string; text: string }[] = [];
    for (let column = 0; column < terminal.cols; column++) {
      const cell = line.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const style = styleOf(cell);
      const text = cell.getChars() || " ";
      const before = runs.at(-1);
      if (before?.style === style) before.text += text;
      else runs.push({ style, text });
    }
    const spans = runs.map(({ style, text }) => `<tspan${style}>${escaped(text)}</tspan>`).join("");
    return `<text x="${margin}" y="${(margin + (row + 0.8) * letter.height).toFixed(1)}">${spans}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width.toFixed(0)}" height="${height.toFixed(0)}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, monospace" font-size="13" xml:space="preserve">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${colours.back}"/>
<g fill="${colours.fore}">
${rows.join("\n")}
</g>
</svg>
`;
}

function styleOf(cell: IBufferCell): string {
  const colour = cell.isFgPalette() ? sixteen[cell.getFgColor()] : undefined;
  return [
    ...(colour ? [` fill="${colour}"`] : []),
    ...(cell.isBold() ? [' font-weight="bold"'] : []),
    ...(cell.isDim() ? [' opacity="0.6"'] : []),
  ].join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
