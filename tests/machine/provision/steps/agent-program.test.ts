import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runAgentProgram } from "../../../../provision/steps/agent-program.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("agent-");
  mkdirSync(join(folder, ".venv", "bin"), { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function python(script: string): void {
  const file = join(folder, ".venv", "bin", "python");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const ask = () => runAgentProgram<Record<string, string>>(folder, "prove_route.py", {});

test("it sees what a run of this shell would see, and nothing of Pulumi's or of the step's", async () => {
  python(`node -p 'JSON.stringify(process.env)'`);
  vi.stubEnv("AZURE_OPENAI_API_KEY", "theirs");
  vi.stubEnv("LANG", "de_DE.UTF-8");
  vi.stubEnv("PULUMI_CONFIG", "geheim");
  vi.stubEnv("COOPERBENCH_MACHINE_REQUEST", "{}");
  const seen = await ask();
  expect(seen).toMatchObject({ AZURE_OPENAI_API_KEY: "theirs", LANG: "de_DE.UTF-8" });
  expect(Object.keys(seen).filter((name) => /^(PULUMI|COOPERBENCH_MACHINE)_/.test(name))).toEqual([]);
});

test("a variable of the shell's that keeps Python from starting is named", async () => {
  python("[ -z \"$PYTHONHOME\" ] || exit 1; echo '{}'");
  expect(await ask()).toEqual({});
  vi.stubEnv("PYTHONHOME", "/nowhere");
  await expect(ask()).rejects.toThrow(/this shell has PYTHONHOME, .*\nFix: unset PYTHONHOME$/);
});
