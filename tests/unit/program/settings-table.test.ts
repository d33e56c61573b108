import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Field, fields } from "../../../program/settings.ts";

const root = join(import.meta.dirname, "../../..");
const table: Readonly<Record<string, Field>> = fields;
const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

test("Pulumi is told the same settings, with the same defaults and words", () => {
  const { config } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
    readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const ofPulumi = Object.entries(config).map(([key, { default: usual, description, secret = false }]) => [
    key,
    { is: description, default: text(usual), secret },
  ]);
  const ofTable = Object.entries(table).map(([key, { is, default: usual, secret = false }]) => [
    key,
    { is, default: text(usual), secret },
  ]);
  expect(Object.fromEntries(ofPulumi)).toEqual(Object.fromEntries(ofTable));
});

test("every default but the key's is good by itself", () => {
  for (const [key, { schema, default: usual }] of Object.entries(table))
    expect(schema.safeParse(usual).success, key).toBe(key !== "cohereApiKey");
});

const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => join("docs", name))];
const tables = pages
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) => readFileSync(join(root, name), "utf8").split(/\n{2,}/))
  .filter((block) => /^\| setting +\| default +\|/.test(block));
const rows = tables.flatMap((block) =>
  block.split("\n").flatMap((line) => {
    const [, key = "", usual = ""] = /^\| `(\w+)` +\| +(.*?) +\|/.exec(line) ?? [];
    return key === "" ? [] : [[key, usual] as const];
  }),
);

test.each(rows)("the documentation's default of %s is the default: %s", (key, told) => {
  expect(Object.keys(table)).toContain(key);
  const literal = /^`([^`]*)`$|^(\d+)$/.exec(told);
  if (literal !== null && key !== "imagesLock")
    expect(text(table[key]?.default)).toBe(literal[1] ?? literal[2]);
});

test("there are such tables", () => expect(rows.length).toBeGreaterThan(10));
