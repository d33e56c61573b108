import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Holder,
  hold,
  holderFor,
  isHeldByOther,
  wholeStackVariable,
} from "../../../../provision/ownership/holder.ts";
import { readMarker, writeMarker } from "../../../../provision/ownership/marker.ts";
import {
  dotenvOwner,
  inspectDotenv,
  removeFromDotenv,
  writeDotenv,
} from "../../../../provision/steps/dotenv.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { readsBack } from "../../../reads-back.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("holder-");
  vi.stubEnv("PULUMI_COMMAND_STDOUT", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** What Pulumi gives to a resource's command: the result that its state has. */
const inState = (holder?: string) =>
  vi.stubEnv("PULUMI_COMMAND_STDOUT", holder && JSON.stringify({ holder }));

test("a new resource has a word of its own, one that is there keeps its own", () => {
  inState("old");
  expect(holderFor("ensure")).toBe("old");
  expect(holderFor("make")).toMatch(/^[0-9a-f]{8}$/);
  expect(holderFor("make")).not.toBe(holderFor("make"));
  inState();
  expect(holderFor("ensure")).toMatch(/^[0-9a-f]{8}$/);
});

describe("a thing with a marker", () => {
  const file = () => join(folder, "marker.json");

  test.each<[string, string | undefined, string | undefined, boolean]>([
    ["of this resource", "mine", "mine", false],
    ["of the one that replaces it", "new", "mine", true],
    ["of one that replaces a resource of an older state", "new", undefined, true],
    ["that is older than such words", undefined, "mine", false],
  ])("%s", (_, inMarker, mine, isOther) => {
    writeMarker(file(), { ...lab1, holder: inMarker } as Holder);
    inState(mine);
    expect(isHeldByOther(file())).toBe(isOther);
    vi.stubEnv(wholeStackVariable, "");
    expect(isHeldByOther(file()), "all of the stack goes").toBe(false);
  });

  test("comes to name the resource that has found it, where it is the stack's", () => {
    writeMarker(file(), { ...lab1, holder: "old" } as Holder);
    hold(file(), { ...lab2, holder: "new" });
    expect(readMarker<Holder>(file())?.holder).toBe("old");
    hold(file(), { ...lab1, holder: "new" });
    expect(readMarker<Holder>(file())?.holder).toBe("new");
  });

  test("that is not there is nobody's", () => {
    hold(file(), { ...lab1, holder: "new" });
    expect(existsSync(file())).toBe(false);
    expect(isHeldByOther(file())).toBe(false);
  });
});

test("the block of a .env stays where another resource has written it, and goes with that one", async () => {
  const file = join(folder, ".env");
  await writeDotenv(file, { ...lab1, holder: "old" }, { LITELLM_LOG: "1" }, readsBack);
  await writeDotenv(file, { ...lab1, holder: "new" }, { LITELLM_LOG: "1" }, readsBack);
  expect(dotenvOwner(readFileSync(file))).toMatchObject({ ...lab1, holder: "new" });
  expect(inspectDotenv(file, lab1, { LITELLM_LOG: "1" }).fault).toBeUndefined();
  inState("old");
  await removeFromDotenv(file, lab1);
  expect(existsSync(file)).toBe(true);
  inState("new");
  await removeFromDotenv(file, lab1);
  expect(existsSync(file)).toBe(false);
});

test("what a state of old gives to its commands is no word", () => {
  vi.stubEnv("PULUMI_COMMAND_STDOUT", "no JSON");
  expect(holderFor("ensure")).toMatch(/^[0-9a-f]{8}$/);
  writeFileSync(join(folder, "broken"), "");
  expect(isHeldByOther(join(folder, "broken"))).toBe(false);
});
