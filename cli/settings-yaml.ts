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
  Lexer,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
} from "yaml";
import { Problem } from "../lib/problem.ts";
import { encrypted, project, type RawConfiguration } from "../program/configuration.ts";

/** A secret of a settings file. */
export interface Secret {
  /** Key in the file, with its namespace where it has one. */
  readonly key: string;
  readonly ciphertext: string;
  /** Line of the file, from 1. */
  readonly line: number;
}

/** A value as Pulumi holds it against its type: text, or a structure; `encrypted` for each secret in it. */
export interface Given {
  readonly value: unknown;
  /** Whether it is secret, in whole or in part. */
  readonly isSecret: boolean;
}

/** What Pulumi.yaml says of a setting's value. */
export interface Declared {
  readonly type: string;
  /** Type of a list's items. */
  readonly items?: string | undefined;
  readonly isSecret: boolean;
}

/** Something of a settings file, and its line from 1. */
export interface Lined {
  readonly text: string;
  readonly line: number;
}

/** A stack's settings file. */
export interface StackYaml {
  /** The project's own values, as text; `encrypted` where one is secret, in whole or in part. */
  readonly values: RawConfiguration;
  /** The same as Pulumi checks them, before the program has them. */
  readonly given: Readonly<Record<string, Given>>;
  /** The environments of Pulumi Cloud that it takes settings from, as JSON; undefined where it names none. */
  readonly environment: Lined | undefined;
  /** The value of `pulumi:disable-default-providers`. */
  readonly disabledProviders: Lined | undefined;
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
  const values = new Map<string, { readonly text: string; readonly given: Given; readonly node: Node }>();
  let disabledProviders: Lined | undefined;
  for (const { key, node, keyNode } of reader.pairsOf(reader.mapOf(root.get("config")?.node, "config"))) {
    if (isScalar(keyNode) && typeof keyNode.value !== "string")
      throw reader.problem(
        keyNode,
        `the key ${keyNode.source || "null"} is not text, so it is not a setting`,
      );
    const own = ownKey(key);
    if (own === undefined) {
      if (key.split(":").length > 2 && !/^[^:]+:config:[^:]+$/.test(key))
        throw reader.problem(keyNode, `${key} is no key of a configuration`);
      const value = reader.valueOf(node, key, secrets, { isOwn: false });
      if (key === "pulumi:disable-default-providers")
        disabledProviders = { text: textOf(value), line: reader.lineOf(keyNode) };
      continue;
    }
    const before = values.get(own);
    if (before !== undefined)
      throw reader.problem(
        keyNode,
        `${own || '""'} is there twice, in line ${reader.lineOf(before.node)} as well`,
      );
    const ofThis: Secret[] = [];
    const value = reader.valueOf(node, key, ofThis);
    secrets.push(...ofThis);
    const isSecret = ofThis.length > 0;
    const text = isSecret ? encrypted : textOf(value);
    const given = { value: typeof value === "object" && value !== null ? value : textOf(value), isSecret };
    values.set(own, { text, given, node: keyNode });
  }
  const textAt = (key: string) => {
    const node = root.get(key)?.node;
    if (node === undefined) return undefined;
    const value = reader.valueOf(node, key, []);
    if (typeof value === "object" && value !== null) throw reader.problem(node, `${key} must be text`);
    return textOf(value) || undefined;
  };
  return {
    values: Object.fromEntries([...values].map(([key, { text }]) => [key, text])),
    given: Object.fromEntries([...values].map(([key, { given }]) => [key, given])),
    environment: environmentIn(reader, root.get("environment")),
    disabledProviders,
    secrets,
    encryptionsalt: textAt("encryptionsalt"),
    secretsprovider: textAt("secretsprovider"),
  };
}

/** The environments that a settings file names; Pulumi takes an empty list for none. */
function environmentIn(reader: Reader, pair: Pair | undefined): Lined | undefined {
  if (pair === undefined) return undefined;
  const text = textOf(reader.valueOf(pair.node, "environment", [], { isOwn: false }));
  return ["", "[]"].includes(text) ? undefined : { text, line: reader.lineOf(pair.keyNode) };
}

/** What a project's Pulumi.yaml says of its settings. */
export interface ProjectYaml {
  /** The defaults, as text. */
  readonly defaults: RawConfiguration;
  readonly types: Readonly<Record<string, Declared>>;
}

/** Reads a project's Pulumi.yaml. */
export function parseProjectYaml(text: string, file: string): ProjectYaml {
  const reader = new Reader(text, file);
  const config = reader.mapOf(reader.mapOf(reader.root, "the file").get("config")?.node, "config");
  const settings = reader.pairsOf(config).map(({ key, node }) => {
    const said = reader.mapOf(node, key);
    const textAt = (name: string, of: ReadonlyMap<string, Pair> = said) => {
      const pair = of.get(name);
      return pair && textOf(reader.valueOf(pair.node, key, []));
    };
    const items = textAt("type", reader.mapOf(said.get("items")?.node, "items"));
    const declared = { type: textAt("type") ?? "string", items, isSecret: textAt("secret") === "true" };
    return { key, standard: textAt("default"), declared };
  });
  return {
    defaults: Object.fromEntries(
      settings.flatMap(({ key, standard }) => (standard === undefined ? [] : [[key, standard]])),
    ),
    types: Object.fromEntries(settings.map(({ key, declared }) => [key, declared])),
  };
}

/** What a value is that Pulumi refuses for its type, before the program is started; undefined where it takes it. */
export function misfit({ type, items, isSecret }: Declared, given: Given): string | undefined {
  if (isSecret && !given.isSecret) return "a value that is not encrypted";
  const { value } = given;
  if (type === "array" ? Array.isArray(value) && value.every((item) => fits(items, item)) : fits(type, value))
    return undefined;
  if (typeof value !== "object") return given.isSecret ? "a secret" : `the text ${JSON.stringify(value)}`;
  if (!Array.isArray(value)) return "keys with values";
  return type === "array" ? `a list with an item that is no ${items}` : "a list";
}

/** Whether Pulumi takes a value, or an item of one, as of a type. */
function fits(type: string | undefined, value: unknown): boolean {
  const text = typeof value === "string" ? value : undefined;
  if (type === "string") return text !== undefined;
  if (type === "boolean") return typeof value === "boolean" || text === "true" || text === "false";
  if (type === "integer")
    return (
      Number.isInteger(value) ||
      (/^[+-]?\d+$/.test(text ?? "") && isLong(BigInt((text ?? "").replace("+", ""))))
    );
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLong(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** The text of a file of YAML. Throws a Problem with the line of what is not UTF-8, which Pulumi refuses anywhere. */
export function yamlText(bytes: Uint8Array, file: string): string {
  const isUtf8 = (part: Uint8Array) => {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(part) !== undefined;
    } catch {
      return false;
    }
  };
  if (!isUtf8(bytes)) {
    let from = 0;
    for (let line = 1; from < bytes.length; line += 1) {
      const end = bytes.indexOf(0x0a, from);
      const to = end < 0 ? bytes.length : end + 1;
      if (!isUtf8(bytes.subarray(from, to))) throw problemAt(file, line, "it has a byte that is not UTF-8");
      from = to;
    }
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function problemAt(file: string, line: number, what: string): Problem {
  return new Problem(`${file}, line ${line}: ${what}`, { advice: `correct line ${line} of ${file}` });
}

/** A key without the project's namespace; undefined for another's. One without any is the project's. */
export function ownKey(key: string): string | undefined {
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

/** Levels of lists and maps in each other that are read; no setting has more than one. */
const DEEPEST = 50;
const tooDeep = "nested too deeply";

/** What Pulumi refuses wherever it is: control characters, and what is no character. */
const unprintable = /[^\P{Cc}\t\n\r\u0085]|[\ufffe\uffff]/u;

/** The line, from 1, in which lists and maps are nested deeper than is read; the last one where none is found. */
function deepLine(text: string): number {
  let depth = 0;
  let line = 1;
  let indicators = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") depth += 1;
    if (token === "]" || token === "}") depth -= 1;
    if (token === "-" || token === "?") indicators += 1;
    if (depth + indicators > DEEPEST) return line;
    const ends = token.split("\n").length - 1;
    line += ends;
    if (ends > 0) indicators = 0;
  }
  return line;
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
    const body = text.replace(/^\uFEFF/, "");
    const odd = unprintable.exec(body);
    if (odd !== null)
      throw this.#problemAt(body.slice(0, odd.index).split("\n").length, "it has a control character");
    // Of several documents Pulumi reads the first.
    const [document] = this.#parsed(body);
    this.#document = document;
    const [error] = document?.errors ?? [];
    if (error?.message.includes("call stack")) throw this.#problemAt(deepLine(body), `it is ${tooDeep}`);
    if (error !== undefined) {
      const what =
        error.code === "DUPLICATE_KEY"
          ? `the key in this line is there twice`
          : `it is not YAML: ${error.message.split(/ at line|\n/)[0]}`;
      throw this.#problemAt(this.#lines.linePos(error.pos[0]).line, what);
    }
    this.root = document?.contents ?? null;
  }

  #parsed(text: string): readonly Document.Parsed[] {
    try {
      return parseAllDocuments(text, { lineCounter: this.#lines }) as readonly Document.Parsed[];
    } catch (error) {
      if (error instanceof RangeError) throw this.#problemAt(deepLine(text), `it is ${tooDeep}`);
      throw error;
    }
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
  valueOf(
    node: Node | null,
    key: string,
    secrets: Secret[],
    { isOwn = true, around = [] }: { readonly isOwn?: boolean; readonly around?: readonly Node[] } = {},
  ): unknown {
    const found = this.#resolved(node);
    if (found === null) return null;
    if (around.includes(found)) throw this.problem(node, `${key} is in itself`);
    if (around.length > DEEPEST) throw this.problem(node, `${key} is ${tooDeep}`);
    if (isScalar(found)) return isOwn ? this.#plain(found) : found.value;
    const within = (item: unknown) =>
      this.valueOf(item as Node | null, key, secrets, { isOwn, around: [...around, found] });
    if (isSeq(found)) return found.items.map(within);
    const values = this.pairsOf(this.mapOf(found, key)).map((pair) => [pair.key, within(pair.node)] as const);
    const [only] = values;
    if (values.length !== 1 || only?.[0] !== "secure" || typeof only[1] !== "string")
      return Object.fromEntries(values);
    secrets.push({ key, ciphertext: only[1], line: this.lineOf(found) });
    return encrypted;
  }

  lineOf(node: Node | null): number {
    return this.#lines.linePos(node?.range?.[0] ?? 0).line;
  }

  problem(node: Node | null, what: string): Problem {
    return this.#problemAt(this.lineOf(node), what);
  }

  #problemAt(line: number, what: string): Problem {
    return problemAt(this.#file, line, what);
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
      `${source} is a number or a time to Pulumi, which writes it in another way; put text in quotes: ${JSON.stringify(source)}`,
    );
  }
}
