import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readState } from "../../../cli/state.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("state-");
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${folder}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A stack whose Pulumi does what a line of shell says. */
function pulumiThat(line: string) {
  const pulumi = { file: join(folder, "pulumi"), projectDir: folder, env: process.env };
  writeFileSync(pulumi.file, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return { ...callerOf(folder, "lab-1"), pulumi };
}

test("a state is read where the backend answers", async () => {
  const operation = '[{"kind":"update","result":"succeeded","startTime":"2026-01-01T00:00:00Z"}]';
  const answers = `case "$*" in *export*) echo '{"deployment":{}}' ;; *) echo '${operation}' ;; esac`;
  expect(await readState(pulumiThat(answers))).toEqual({
    proofs: new Map(),
    last: { kind: "update", result: "succeeded", endedAt: "2026-01-01T00:00:00Z" },
  });
});

test("a stack that the backend does not have was never proved", async () => {
  const none = pulumiThat(`echo "error: no stack named 'lab-1' found" >&2; exit 6`);
  expect(await readState(none)).toEqual({ proofs: new Map() });
});

test("a backend that does not answer is told with its reason", async () => {
  const broken = pulumiThat(`printf "error: connection\\nrefused\\n" >&2; exit 1`);
  expect(await readState(broken)).toEqual({
    proofs: new Map(),
    unread: "error: connection refused",
  });
  expect((await readState({ ...callerOf(folder, "lab-1"), pulumi: undefined })).unread).toMatch(
    /^Pulumi has yet to be found/,
  );
});
