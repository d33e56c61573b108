import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keptUpdates, shortenHistory } from "../../../cli/history.ts";
import { type StateFiles, stateFiles } from "../../../cli/state-files.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("history-");
  vi.stubEnv("XDG_DATA_HOME", folder);
  vi.stubEnv("PULUMI_BACKEND_URL", "");
  vi.stubEnv("PULUMI_ACCESS_TOKEN", "");
  vi.stubEnv("PULUMI_CREDENTIALS_PATH", join(folder, "credentials"));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A history of so many updates, as Pulumi writes it. Gives its folder. */
function write(updates: number, stack = "lab-1"): string {
  const { history } = stateFiles(callerOf(folder, stack)) as StateFiles;
  mkdirSync(history, { recursive: true });
  for (let update = 0; update < updates; update++) {
    for (const kind of ["history", "checkpoint"]) {
      const file = join(history, `${stack}-${1795713125985613670n + BigInt(update)}.${kind}.json`);
      writeFileSync(file, "{}");
      writeFileSync(`${file}.attrs`, "{}");
    }
  }
  return history;
}

test("the last 50 updates stay, each with its state, and what is not of the history", () => {
  const history = write(keptUpdates + 7);
  writeFileSync(join(history, "lab-1-note.json"), "mine");
  shortenHistory(callerOf(folder, "lab-1"));
  const left = readdirSync(history);
  expect(left).toHaveLength(4 * 50 + 1);
  expect(left).toContain("lab-1-note.json");
  expect(left.some((name) => name.includes("5613676."))).toBe(false);
  for (const kind of ["history", "checkpoint"])
    expect(left).toContain(`lab-1-1795713125985613677.${kind}.json`);
  shortenHistory(callerOf(folder, "lab-1"));
  expect(readdirSync(history)).toEqual(left);
});

test("another stack's stay, and so does a history in a backend of the user's", () => {
  const other = write(60, "lab-2");
  shortenHistory(callerOf(folder, "lab-1"));
  expect(readdirSync(other)).toHaveLength(240);
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${folder}/mine`);
  const users = write(60);
  shortenHistory(callerOf(folder, "lab-1"));
  expect(readdirSync(users)).toHaveLength(240);
});
