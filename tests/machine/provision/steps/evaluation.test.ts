import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { evaluate } from "../../../../provision/steps/evaluation.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let checkout: string;
beforeEach(() => {
  checkout = temporaryFolder("evaluation-");
});

/** Makes an environment whose Python is a shell script, told the request on standard input. */
function python(...script: readonly string[]): void {
  const file = join(checkout, ".venv", "bin", "python");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script.join("\n")}\n`);
  chmodSync(file, 0o755);
}

const features = [1, 2].map((number) => ({
  ...{
    imageId: `sha256:${number}`,
    tests: `/t${number}`,
    gold: `/g${number}`,
    container: `of-test-${number}`,
  },
}));
const settings = () => ({
  ...{ dockerHost: `unix://${checkout}/none.sock`, checkout, stack: "lab-1", atOnce: 2 },
  ...{ timeoutSeconds: 7200, memoryBytes: 5 },
});
const passed = '{"passed":true,"code":0,"seconds":1,"output":"2 passed"}';
const result = (index: number) =>
  `{"index":${index},"control":${passed},"gold":${passed},"runner":"r","merge":{"fault":null}}`;

test("each feature has its own result, in whatever order they come, and what packages print is none", async () => {
  python(
    `cat >${checkout}/request`,
    'echo a warning of a package; echo \'{"index":0,"started":true}\'; echo \'{"index":1,"started":true}\'',
    `echo '${result(1)}'; echo '{"index":0,"error":"RuntimeError: no"}'`,
  );
  const counts: (readonly number[])[] = [];
  const found = await evaluate(features, settings(), (...count) => counts.push(count));
  expect(found[0]).toMatchObject({ error: "RuntimeError: no" });
  expect(found[1]).toMatchObject({ runner: "r", merge: { fault: null } });
  expect(counts).toEqual([
    [0, 1],
    [0, 2],
    [1, 1],
    [2, 0],
  ]);
  const request = JSON.parse(readFileSync(join(checkout, "request"), "utf8"));
  expect(request).toMatchObject({ atOnce: 2, memoryBytes: 5, timeoutSeconds: 600 });
  const names = request.features.flatMap(
    ({ containers }: { containers: { name: string; labels: object }[] }) =>
      containers.map(({ name, labels }) => {
        expect(labels).toMatchObject({
          "cooperbench-machine.oracle": name,
          "cooperbench-machine.stack-id": "lab-1",
        });
        return name.replace(/[0-9a-f]{12}$/, "");
      }),
  );
  expect(names).toEqual(["of-test-1-merged-", "of-test-1-solo-", "of-test-2-merged-", "of-test-2-solo-"]);
});

test("one that ends early is told for each feature that has no result, with its last words", async () => {
  python("cat >/dev/null", `echo '${result(0)}'`, "echo broken >&2; exit 3");
  const [first, second] = await evaluate(features, settings());
  expect(first).toMatchObject({ runner: "r" });
  expect(second).toEqual({ lost: "its evaluation ended with 3 without a message: broken" });
});

test.each([
  ['{"OtherVersion":"its _run_tests takes other parameters"}', /in an unknown way \(its _run_tests takes/],
  ['{"Broken":"ImportError: no docker"}', /does not load \(ImportError: no docker\): [\s\S]*\.venv/],
  ['{"engine":"Install paramiko"}', /docker-py cannot ask the engine unix:.*: Install paramiko/],
])("where none can be evaluated, that is told once: %s", async (line, message) => {
  python("cat >/dev/null", `echo '${line}'`);
  await expect(evaluate(features, settings())).rejects.toThrow(message);
});

test("an environment that is not there is told with what makes it", async () => {
  await expect(evaluate(features, settings())).rejects.toThrow(
    /there is no .*\.venv\/bin\/python, which would run CooperBench's evaluation\nFix: /,
  );
  expect(await evaluate([], settings())).toEqual([]);
});

test("an abort has it take its containers away, and end by itself", async () => {
  python(
    `trap 'touch ${checkout}/ended; exit' TERM`,
    "cat >/dev/null",
    `touch ${checkout}/begun`,
    "while :; do sleep 0.05; done",
  );
  const abort = new AbortController();
  const ended = evaluate(features, { ...settings(), abort: abort.signal });
  await expect.poll(() => existsSync(join(checkout, "begun")), { timeout: 10_000, interval: 20 }).toBe(true);
  abort.abort();
  await expect(ended).rejects.toThrow("it was interrupted");
  expect(existsSync(join(checkout, "ended"))).toBe(true);
});
