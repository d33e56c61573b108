import { existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { reportPage } from "../checks/status/page.ts";
import { Problem } from "../lib/problem.ts";
import { defaultStack } from "./default-stack.ts";
import { projectDir } from "./session.ts";
import { lookAtStack } from "./status.ts";

/**
 * `./machine report [STACK] [--out FILE]`: writes the status of the machine as one HTML page, which needs no other file.
 *
 * @param out default: a file of the current folder that is named after the stack and the time. A file that is there is
 *   written anew where it is named, and never else.
 * @returns 0 where it is written, whatever it says of the machine.
 */
export async function report(named: string | undefined, out: string | undefined): Promise<number> {
  const stack = named ?? defaultStack(projectDir);
  if (out !== undefined && !existsSync(dirname(resolve(out))))
    throw new Problem(`got --out ${out}, whose folder is not there; make it, or name another`);
  const status = await lookAtStack(stack);
  const time = status.at.replace(/[-:]|\.\d+/g, "");
  const file = resolve(out ?? `cooperbench-machine-${stack}-${time}.html`);
  writeFileSync(file, reportPage(status), out === undefined ? { flag: "wx" } : {});
  process.stdout.write(`${file}\n`);
  return 0;
}
