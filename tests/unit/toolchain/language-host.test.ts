import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  programDependencies,
  requiredPackages,
} from "../../../toolchain/closed-network/language-host/packages.ts";
import { splitArguments } from "../../../toolchain/closed-network/language-host/split-arguments.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let dir: string;
beforeEach(() => {
  dir = temporaryFolder("program-");
});

function install(path: string, manifest: object): void {
  mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(join(dir, path, "package.json"), JSON.stringify(manifest));
}

describe("requiredPackages", () => {
  test("are the dependencies with a resource plugin, those of components included", () => {
    const sdk = { dependencies: { "@pulumi/pulumi": "^3" } };
    install(".", { dependencies: { "@pulumi/docker": "1", component: "1", yaml: "1", absent: "1" } });
    install("node_modules/@pulumi/docker", {
      ...sdk,
      version: "5.2.0",
      pulumi: { resource: true, name: "docker", version: "5.2.0" },
    });
    install("node_modules/component", { dependencies: { ...sdk.dependencies, "@pulumi/random": "1" } });
    install("node_modules/component/node_modules/@pulumi/random", {
      version: "4.0.0",
      pulumi: { resource: true, server: "https://example.com" },
    });
    install("node_modules/yaml", { version: "1.0.0" });
    expect(requiredPackages(dir)).toEqual([
      { name: "docker", version: "5.2.0", server: "" },
      { name: "random", version: "4.0.0", server: "https://example.com" },
    ]);
    expect(programDependencies(dir)).toContainEqual({ name: "yaml", version: "1.0.0" });
  });

  test("are found in the folders above, as Node finds them", () => {
    install("node_modules/@pulumi/docker", { pulumi: { resource: true, name: "docker", version: "5.2.0" } });
    install("program", { dependencies: { "@pulumi/docker": "1" } });
    expect(requiredPackages(join(dir, "program")).map(({ name }) => name)).toEqual(["docker"]);
  });

  test("are none without a package.json", () => {
    expect(requiredPackages(dir)).toEqual([]);
  });
});

describe("splitArguments", () => {
  test.each([
    ["", []],
    ["--inspect  --max-old-space-size=100", ["--inspect", "--max-old-space-size=100"]],
    [`--title "a b" --x='c "d"' e\\ f ""`, ["--title", "a b", `--x=c "d"`, "e f", ""]],
  ])("%j", (line, expected) => {
    expect(splitArguments(line)).toEqual(expected);
  });

  test("an open quote is an error", () => {
    expect(() => splitArguments('--title "a')).toThrow(/do not close it/);
  });
});
