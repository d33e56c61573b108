/**
 * Reads YAML files of Pulumi as Pulumi does: what the program gets is always text. What Pulumi would read as another
 * text than is written, such as the number 3.10, is refused, as is what Pulumi refuses in its own words.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
} from "yaml";
import { Problem } from "../lib/problem.ts";
import { shellWord } from "../lib/shell-word.ts";
import { encrypted, project, type RawConfiguration } from "../program/configuration.ts";

/** A secret of a settings file. */
export interface Secret {
  /** Key in the file, with its namespace where it has one. */
  readonly key: string;
  readonly ciphertext: string;
  /** Line of the file, from 1. */
  readonly line: number;
}

/** A stack's settings file. */
export interface StackYaml {
  /** The project's own values, as text; `encrypted` where one is secret, in whole or in part. */
  readonly values: RawConfiguration;
  /** The secrets of all namespaces. */
  readonly secrets: readonly Secret[];
  /** What the secrets' key is made with; undefined where the file has none. */
  readonly encryptionsalt: string | undefined;
  /** Who encrypts; undefined for the backend's own way. */
  readonly secretsprovider: string | undefined;
}

/** Reads a stack's settings file. Throws a Problem with the line of what is wrong. */
export function parseStackYaml(text: string, file: string): StackYaml {
  const reader = new Reader(text, file);
  const root = reader.mapOf(reader.root, "the file");
  const secrets: Secret[] = [];
  const values = new Map<string, { readonly text: string; readonly node: Node }>();
  for (const { key, node, keyNode } of reader.pairsOf(reader.mapOf(root.get("config")?.node, "config"))) {
    const own = ownKey(key);
    if (own === undefined) {
      if (key.split(":").length > 2 && !/^[^:]+:config:[^:]+$/.test(key))
        throw reader.problem(keyNode, `${key} is no key of a configuration`);
      reader.valueOf(node, key, secrets, { isOwn: false });
      continue;
    }
    const before = values.get(own);
    if (before !== undefined)
      throw reader.problem(keyNode, `${own} is there twice, in line ${reader.lineOf(before.node)} as well`);
    const ofThis: Secret[] = [];
    const value = reader.valueOf(node, key, ofThis);
    secrets.push(...ofThis);
    values.set(own, { text: ofThis.length > 0 ? encrypted : textOf(value), node: keyNode });
  }
  const textAt = (key: string) => {
    const node = root.get(key)?.node;
    return node === undefined ? undefined : textOf(reader.valueOf(node, key, [])) || undefined;
  };
  return {
    values: Object.fromEntries([...values].map(([key, { text }]) => [key, text])),
    secrets,
    encryptionsalt: textAt("encryptionsalt"),
    secretsprovider: textAt("secretsprovider"),
  };
}

/** The defaults of a project's settings, as text, from its Pulumi.yaml. */
export function parseProjectDefaults(text: string, file: string): RawConfiguration {
  const reader = new Reader(text, file);
  const config = reader.mapOf(reader.mapOf(reader.root, "the file").get("config")?.node, "config");
  return Object.fromEntries(
    reader.pairsOf(config).flatMap(({ key, node }) => {
      const value = reader.mapOf(node, key).get("default");
      return value === undefined ? [] : [[key, textOf(reader.valueOf(value.node, key, []))]];
    }),
  );
}

/** A key without the project's namespace; undefined for another's. One without any is the project's. */
function ownKey(key: string): string | undefined {
  if (!key.includes(":")) return key;
  const [namespace, ...names] = key.split(":");
  if (namespace !== project) return undefined;
  if (names.length === 2 && names[0] === "config") return names[1];
  return names.length === 1 ? names[0] : undefined;
}

/** A value as Pulumi gives it to the program. */
function textOf(value: unknown): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

interface Pair {
  readonly key: string;
  readonly keyNode: Node;
  readonly node: Node | null;
}

/** Numbers and times of YAML as Pulumi has them. What only looks so is harmless in quotes. */
const numeric =
  /^[-+]?(0b[01_]+|0o[0-7_]+|0x[\da-f_]+|(\d[\d_]*\.?|\.\d)[\d_]*(e[-+]?\d+)?|\.inf|\.nan)$|^\d{4}-\d\d?-\d\d?([Tt\s].*)?$/i;

class Reader {
  readonly root: Node | null;
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed | undefined;

  constructor(text: string, file: string) {
    this.#file = file;
    // Of several documents Pulumi reads the first.
    const [document] = parseAllDocuments(text.replace(/^\uFEFF/, ""), {
      lineCounter: this.#lines,
    }) as readonly Document.Parsed[];
    this.#document = document;
    const [error] = document?.errors ?? [];
    if (error !== undefined) {
      const what =
        error.code === "DUPLICATE_KEY"
          ? `the key in this line is there twice`
          : `it is no YAML: ${error.message.split(/ at line|\n/)[0]}`;
      throw this.#problemAt(this.#lines.linePos(error.pos[0]).line, what);
    }
    this.root = document?.contents ?? null;
  }

  /** The pairs of a map, by key; none of nothing. */
  mapOf(node: Node | null | undefined, what: string): ReadonlyMap<string, Pair> {
    const found = this.#resolved(node);
    if (found === null || (isScalar(found) && this.#plain(found) === null)) return new Map();
    if (!isMap(found)) throw this.problem(found, `${what} must have keys with values`);
    return new Map(
      found.items.map((pair) => {
        const keyNode = pair.key as Node;
        const key = textOf(this.valueOf(keyNode, "a key", []));
        if (key === "<<")
          throw this.problem(keyNode, "keys that are merged (<<) are not read; write them here");
        return [key, { key, keyNode, node: (pair.value ?? null) as Node | null }];
      }),
    );
  }

  pairsOf(map: ReadonlyMap<string, Pair>): readonly Pair[] {
    return [...map.values()];
  }

  /** A value as Pulumi reads it. Secrets in it are added to the list. */
  valueOf(node: Node | null, key: string, secrets: Secret[], { isOwn = true, depth = 0 } = {}): unknown {
    if (depth > 50) throw this.problem(node, `${key} is in itself`);
    const found = this.#resolved(node);
    if (found === null) return null;
    if (isScalar(found)) return isOwn ? this.#plain(found) : found.value;
    const within = (item: unknown) =>
      this.valueOf(item as Node | null, key, secrets, { isOwn, depth: depth + 1 });
    if (isSeq(found)) return found.items.map(within);
    const values = this.pairsOf(this.mapOf(found, key)).map((pair) => [pair.key, within(pair.node)] as const);
    const [only] = values;
    if (values.length !== 1 || only?.[0] !== "secure" || typeof only[1] !== "string")
      return Object.fromEntries(values);
    secrets.push({ key, ciphertext: only[1], line: this.lineOf(found) });
    return null;
  }

  lineOf(node: Node | null): number {
    return this.#lines.linePos(node?.range?.[0] ?? 0).line;
  }

  problem(node: Node | null, what: string): Problem {
    return this.#problemAt(this.lineOf(node), what);
  }

  #problemAt(line: number, what: string): Problem {
    return new Problem(
      `${this.#file}, line ${line}: ${what}\nFix: correct that line:\n  \${EDITOR:-vi} +${line} ${shellWord(this.#file)}`,
    );
  }

  #resolved(node: Node | null | undefined): Node | null {
    if (node === undefined || node === null) return null;
    return isAlias(node) && this.#document !== undefined
      ? ((node.resolve(this.#document) as Node | undefined) ?? null)
      : node;
  }

  /** A scalar's value. A number must be written as Pulumi writes it again, so that it is the same text for everybody. */
  #plain(scalar: Scalar): unknown {
    const { value, source = "", type, tag } = scalar;
    if (tag !== undefined && tag !== "tag:yaml.org,2002:str")
      throw this.problem(scalar, `tags such as ${tag} are not read`);
    const isText = type !== "PLAIN" || tag !== undefined || !numeric.test(source);
    if (isText || /^-?(0|[1-9]\d{0,14})$|^-?(0|[1-9]\d{0,7})\.\d{0,5}[1-9]$/.test(source)) return value;
    throw this.problem(
      scalar,
      `${source} is a number or a time to Pulumi, which writes it in another way; text is to be in quotes: ${JSON.stringify(source)}`,
    );
  }
}
