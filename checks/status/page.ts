import { Eta } from "eta";
import prettyBytes from "pretty-bytes";
import { asTyped } from "../../lib/remedy.ts";
import { type ImageState, oddities } from "./images.ts";
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

/** The status of a machine as one HTML page that needs no other file. Everything in it is escaped by the template. */
export function reportPage(status: MachineStatus): string {
  const eta = new Eta({ views: import.meta.dirname, varName: "it" });
  const { images } = status;
  const sizes = images.flatMap(({ sizeBytes }) => sizeBytes ?? []);
  return eta.render("./page", {
    ...status,
    stateWords,
    proved: images.filter(({ state }) => state === "proved").length,
    oddities: oddities(images),
    oracles: images.filter(({ isOracleWanted }) => isOracleWanted).length,
    passed: images.filter(({ isOracleWanted, oracle }) => isOracleWanted && oracle?.isCurrent).length,
    totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    largest: Math.max(1, ...sizes),
    bytes: prettyBytes,
    typed: asTyped,
    time: (iso: string) => iso.replace("T", " ").replace(/\.\d+Z$/, " UTC"),
    seconds: (value: number) => `${value.toFixed(1)} s`,
    text: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
  });
}
