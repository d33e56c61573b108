import { copyFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { oracle } from "../../../cli/oracle.ts";
import { verify } from "../../../cli/verify.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

test("verify and oracle name every fault of the settings before they ask an engine", async () => {
  const folder = temporaryFolder("verify-");
  copyFileSync(resolve(import.meta.dirname, "../../../Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  const wrong = ["dockerHost: unix:///nowhere.sock", "subset: lte", "redisPort: -1"];
  const lines = wrong.map((line) => `  cooperbench-machine:${line}\n`);
  writeFileSync(join(folder, "Pulumi.lab.yaml"), `config:\n${lines.join("")}`);
  const faults = /subset: got "lte".*redisPort: got -1/s;
  await expect(verify(callerOf(folder, "lab"), false)).rejects.toThrow(faults);
  const options = { stack: "lab", tasks: "all", features: "first", json: false } as const;
  await expect(oracle(options as Parameters<typeof oracle>[0], callerOf(folder, "lab"))).rejects.toThrow(
    faults,
  );
});
