import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { keptLogs, openLog } from "../../../cli/log-file.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

function place() {
  const projectDir = temporaryFolder("log-");
  const configuration = { stackId: "6f1c8f0e-1111-4222-8333-444455556666", cooperbenchDir: "checkout" };
  return { stack: "lab", configuration, projectDir, env: { XDG_DATA_HOME: join(projectDir, "data") } };
}

test("a log is its owner's alone, and has what Pulumi says, without colours and keys", () => {
  const of = place();
  mkdirSync(join(of.projectDir, "checkout"));
  writeFileSync(join(of.projectDir, "checkout", ".env"), "COHERE_API_KEY=top-secret-key\n");
  const log = openLog(of, "up");
  const bytes = Buffer.from("größer\n\u001b[31mkey top-secret-key\u001b[0m\nhalf");
  for (const byte of bytes) log.write(Uint8Array.of(byte));
  log.close();
  expect(readFileSync(log.path as string, "utf8")).toBe("größer\nkey [key]\nhalf\n");
  expect(statSync(log.path as string).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(log.path as string)).mode & 0o777).toBe(0o700);
});

test("the newest logs of a stack stay", () => {
  const of = place();
  const paths = Array.from({ length: keptLogs + 3 }, (_, at) => {
    const log = openLog(of, "up", new Date(at * 1000));
    log.close();
    return log.path as string;
  });
  const left = readdirSync(dirname(paths[0] as string)).toSorted();
  expect(left).toHaveLength(keptLogs);
  expect(left.at(-1)).toBe(paths.at(-1)?.split("/").at(-1));
});

test("where none can be written the work goes on without", () => {
  const of = place();
  mkdirSync(join(of.projectDir, "data"));
  writeFileSync(join(of.projectDir, "data", "cooperbench-machine"), "");
  const log = openLog(of, "up");
  log.write(Buffer.from("x\n"));
  log.close();
  expect(log.path).toBeUndefined();
});
