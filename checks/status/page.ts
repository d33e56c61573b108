import { Eta } from "eta";
import prettyBytes from "pretty-bytes";
import { asTyped } from "../../lib/remedy.ts";
import { chainOf } from "./chain.ts";
import type { Mark } from "./checks.ts";
import { type ImageState, oddities, withOracle } from "./images.ts";
import type { MachineStatus } from "./status.ts";

const stateWords: Readonly<Record<ImageState, string>> = {
  proved: "proved",
  failed: "failed since",
  changed: "changed since",
  other: "not as locked",
  unproved: "no proof known",
  missing: "missing",
  unseen: "not seen",
};

/** A mark without its colour: what a link of the chain is drawn with, and what is read in its place. */
const marks: Readonly<Record<Mark, readonly [sign: string, words: string]>> = {
  ok: ["✓", "holds"],
  warning: ["!", "holds, with a warning"],
  blocker: ["✕", "does not hold"],
  off: ["–", "not asked for"],
};

/** The status of a machine as one HTML page that needs no other file. Everything in it is escaped by the template. */
export function reportPage(status: MachineStatus): string {
  const eta = new Eta({ views: import.meta.dirname, varName: "it" });
  const { images } = status;
  const sizes = images.flatMap(({ sizeBytes }) => sizeBytes ?? []);
  const oracles = withOracle(images);
  return eta.render("./page", {
    ...status,
    stateWords,
    marks,
    chain: chainOf(status),
    proved: images.filter(({ state }) => state === "proved").length,
    oddities: oddities(images),
    oracles: oracles.length,
    passed: oracles.filter(({ oracle }) => oracle?.isCurrent).length,
    totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    largest: Math.max(1, ...sizes),
    bytes: prettyBytes,
    typed: asTyped,
    time: (iso: string) => iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC"),
    seconds: (value: number) => `${value.toFixed(1)} s`,
    text: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
  });
}
