/** The whole of what Pulumi says in an operation of a stack, kept for its owner alone. The newest logs stay. */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import { dataFolder } from "../lib/xdg.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { identityOf } from "./identity.ts";
import type { Found } from "./session.ts";
import { withoutKey } from "./without-key.ts";

/** Logs of a stack that stay. */
export const keptLogs = 20;

/** A log that is being written. */
export interface LogFile {
  /** Absolute path; undefined where it cannot be written. */
  readonly path: string | undefined;
  /** Takes what Pulumi says, in pieces that may end anywhere. */
  readonly write: (bytes: Uint8Array) => void;
  readonly close: () => void;
}

/** Begins a log of a stack, and removes its oldest ones. Pulumi masks secrets; what looks like a key of the `.env` is masked here. */
export function openLog(
  place: Pick<Found, "stack" | "configuration" | "env" | "projectDir">,
  command: string,
  now = new Date(),
): LogFile {
  const folder = join(dataFolder(place.env), "logs", encodeURIComponent(identityOf(place)));
  const dotenv = join(checkoutFolder(place.projectDir, place.configuration), ".env");
  const path = join(folder, `${now.toISOString().replace(/[:.]/g, "-")}-${command}.log`);
  let file: number | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const old = readdirSync(folder)
      .toSorted()
      .slice(0, -(keptLogs - 1));
    for (const name of old) rmSync(join(folder, name), { force: true });
    file = openSync(path, "wx", 0o600);
  } catch {
    return { path: undefined, write: () => {}, close: () => {} }; // the work is worth more than its log
  }
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const put = (text: string) => {
    try {
      writeSync(file, withoutKey(stripVTControlCharacters(text), dotenv));
    } catch {
      // a full disk
    }
  };
  return {
    path,
    write: (bytes) => {
      const text = rest + decoder.write(Buffer.from(bytes));
      const end = text.lastIndexOf("\n") + 1;
      rest = text.slice(end);
      if (end > 0) put(text.slice(0, end));
    },
    close: () => {
      if (rest !== "") put(`${rest}\n`);
      closeSync(file);
    },
  };
}
