/**
 * A warm `./machine preview` of the whole rehearsal against a plain `pulumi preview` of a program that only imports
 * the SDK. Usage: ./machine exec node bench/preview.ts [RUNS, default 10]
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Lab } from "../tests/integration/lab.ts";
import { readyToolchain } from "../toolchain/toolchain.ts";
import { inTurn, seconds } from "./measure.ts";

const projectDir = resolve(import.meta.dirname, "..");
const runs = Number(process.argv[2] ?? 10);
const lab = new Lab();
const plain = mkdtempSync(join(tmpdir(), "plain-"));
try {
  const toolchain = await readyToolchain({ projectDir, report: console.error });
  writeFileSync(
    join(plain, "Pulumi.yaml"),
    "name: plain\nmain: index.ts\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  writeFileSync(join(plain, "package.json"), '{"type":"module","dependencies":{"@pulumi/pulumi":"*"}}');
  writeFileSync(
    join(plain, "index.ts"),
    'import * as pulumi from "@pulumi/pulumi";\nexport const stack = pulumi.getStack();\n',
  );
  symlinkSync(join(projectDir, "node_modules"), join(plain, "node_modules"));
  // Plain: the same CLI and plugins, and nothing of what ./machine sets to be quick.
  const {
    NODE_COMPILE_CACHE: cache,
    GOGC: _,
    ...env
  } = {
    ...lab.env,
    ...toolchain.env,
    PULUMI_BACKEND_URL: `file://${plain}`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_STACK: "plain",
  } as NodeJS.ProcessEnv;
  await seconds(toolchain.pulumi, ["stack", "init", "plain"], env, plain);

  const stack = await lab.makeStack();
  const up = await lab.machine(["up", stack]);
  if (up.code !== 0) throw new Error(up.stdout + up.stderr);
  const preview = () =>
    seconds(join(projectDir, "machine"), ["preview", stack, "--expect-no-changes"], lab.env, projectDir);
  for (const [kind, more] of Object.entries({
    plain: {},
    "plain, with a compile cache for Node": { NODE_COMPILE_CACHE: cache },
  })) {
    const plainPreview = () => seconds(toolchain.pulumi, ["preview"], { ...env, ...more }, plain);
    const { ours, bare, ratio } = await inTurn(runs, preview, plainPreview);
    console.log(
      `./machine preview ${ours.toFixed(2)} s, ${kind} ${bare.toFixed(2)} s, ratio ${ratio.toFixed(2)} (medians of ${runs})`,
    );
  }
} finally {
  await lab.close();
  rmSync(plain, { recursive: true });
}
