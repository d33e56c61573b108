import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parseSettings } from "../../../program/settings.ts";
import { wantedOf } from "../../../program/wanted.ts";
import { configurationWith } from "../../configuration.ts";

const project = resolve(import.meta.dirname, "../../..");
const wanted = (cooperbenchDir: string) =>
  wantedOf("lab-1", parseSettings("lab-1", configurationWith({ cooperbenchDir })), project, {
    host: "unix:///run/docker.sock",
    from: "the setting dockerHost",
  });

test("a checkout is in the folder that is set, and called by its way from the project in the state", () => {
  expect(wanted("repos/CooperBench")).toMatchObject({
    folder: join(project, "repos/CooperBench"),
    folderKey: "repos/CooperBench",
  });
});

test.each([project, resolve(project, "..")])(
  "a checkout in %s, which holds the project, is refused",
  (folder) =>
    expect(() => wanted(folder)).toThrow(
      /holds this project itself\nFix: \.\/machine set lab-1 cooperbenchDir \S+$/,
    ),
);
