import { existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { reportPage } from "../checks/status/page.ts";
import { Problem } from "../lib/problem.ts";
import type { StackCaller } from "./caller.ts";
import { lookAtStack } from "./status.ts";

/**
 * `./machine report [STACK] [--out FILE]`: writes the status of the machine as one HTML page, which needs no other file.
 *
 * @param out default: a file of the current folder that is named after the stack and the time. A file that is there is
 *   written anew where it is named, and never else.
 * @returns 0 where it is written, whatever it says of the machine.
 */
export async function report(caller: StackCaller, out: string | undefined): Promise<number> {
  const { stack, output } = caller;
  if (out !== undefined && !existsSync(dirname(resolve(out))))
    throw new Problem(`got --out ${out}, whose folder is not there; make it, or name another`);
  const status = await lookAtStack(caller);
  const time = status.at.replace(/[-:]|\.\d+/g, "");
  const file = resolve(out ?? `cooperbench-machine-${stack}-${time}.html`);
  writeFileSync(file, reportPage(status), out === undefined ? { flag: "wx" } : {});
  output.print(`${file}\n`);
  return 0;
}
