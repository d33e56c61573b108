/** A program that only imports the SDK, on a stack of its own: what any program of Pulumi takes. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { seconds } from "./measure.ts";

export class PlainProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), "plain-"));
  readonly #pulumi: string;
  readonly #env: NodeJS.ProcessEnv;

  /** By the CLI and language host of the toolchain, and with what `./machine` sets for all of Pulumi. */
  constructor({ pulumi, env }: Toolchain, given: NodeJS.ProcessEnv) {
    this.#pulumi = pulumi;
    this.#env = {
      ...given,
      ...env,
      PULUMI_BACKEND_URL: `file://${this.#folder}`,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_STACK: "plain",
    };
    const files = {
      "Pulumi.yaml":
        "name: plain\nmain: index.ts\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
      "package.json": '{"type":"module","dependencies":{"@pulumi/pulumi":"*"}}',
      "index.ts": 'import * as pulumi from "@pulumi/pulumi";\nexport const stack = pulumi.getStack();\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#folder, name), text);
    symlinkSync(resolve(import.meta.dirname, "../node_modules"), join(this.#folder, "node_modules"));
  }

  async init(): Promise<void> {
    await seconds(this.#pulumi, ["stack", "init", "plain"], this.#env, this.#folder);
  }

  preview(): Promise<number> {
    return seconds(this.#pulumi, ["preview"], this.#env, this.#folder);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
