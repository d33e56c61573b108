/** A variable that a `.env` file assigns. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  /** Its line, from 1. */
  readonly line: number;
}

// As python-dotenv reads them: quotes may span lines, an unquoted value ends at a comment.
const assignment =
  /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|([^\r\n]*?)(?=[ \t]*(?:[ \t]#.*)?$))/gm;

/** What a `.env` file assigns, in its order. Without what python-dotenv fills in for `${…}`. */
export function readAssignments(text: string): readonly Assignment[] {
  return [...text.matchAll(assignment)].map((match) => {
    const [, name = "", single, double, plain = ""] = match;
    return {
      name,
      value: single?.replace(/\\([\\'])/g, "$1") ?? double?.replace(/\\([\\"])/g, "$1") ?? plain,
      line: text.slice(0, match.index).split("\n").length,
    };
  });
}
