import { gitText } from "./git.ts";

/** A ref of a repository, such as a branch or a tag. */
export interface Ref {
  /** Full name, such as refs/tags/v1. */
  readonly name: string;
  /** What it points to, 40 hex digits. */
  readonly object: string;
  /** What that leads to: itself, or what an annotated tag is of. */
  readonly target: string;
  /** Kind of the target: commit, tree or blob. */
  readonly kind: string;
  /** Whether it is a tag with a text of its own. */
  readonly isAnnotated: boolean;
}

/** The refs of a checkout's repository whose names begin so. */
export async function refsOf(folder: string, prefix = "refs"): Promise<readonly Ref[]> {
  const format = ["refname", "objectname", "objecttype", "*objectname", "*objecttype"];
  const text = await gitText(folder, [
    "for-each-ref",
    `--format=${format.map((field) => `%(${field})`).join("%09")}`,
    prefix,
  ]);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", object = "", kind = "", target = "", targetKind = ""] = line.split("\t");
      const isAnnotated = kind === "tag";
      return {
        name,
        object,
        target: isAnnotated ? target : object,
        kind: isAnnotated ? targetKind : kind,
        isAnnotated,
      };
    });
}

/** The tags of a checkout's repository, with what they point to. */
export async function tagsOf(folder: string): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await refsOf(folder, "refs/tags")).map(({ name, object }) => [name, object]));
}
