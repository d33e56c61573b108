import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { reportPage } from "../checks/status/page.ts";
import type { StackCaller } from "./caller.ts";
import { lookAtStack } from "./status.ts";
import { assertFile, writeFor } from "./write-out.ts";

/**
 * `./machine report [STACK] [--out FILE]`: writes the status of the machine as one HTML page, which needs no other file.
 *
 * @param out default: a file of the current folder that is named after the stack and the time. A file that is there is
 *   written anew where it is named, and never else. `-` is standard output.
 * @returns 0 where it is written, whatever it says of the machine.
 */
export async function report(caller: StackCaller, out: string | undefined): Promise<number> {
  const { stack, output } = caller;
  if (out !== "-") assertFile("--out", out ?? "report.html");
  const status = await lookAtStack(caller);
  const page = reportPage(status);
  if (out === "-") {
    output.print(page);
    return 0;
  }
  const time = status.at.replace(/[-:]|\.\d+/g, "");
  const file = resolve(out ?? free(`cooperbench-machine-${stack}-${time}`));
  writeFor("--out", file, page);
  output.print(`${file}\n`);
  return 0;
}

/** A name that no file here has: two reports of one second are two files. */
function free(name: string, count = 1): string {
  const file = `${name}${count === 1 ? "" : `-${count}`}.html`;
  return existsSync(file) ? free(name, count + 1) : file;
}
