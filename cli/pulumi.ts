import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { run } from "../provision/run.ts";
import { logFilter } from "./display.ts";
import { projectDir } from "./session.ts";

/** Runs Pulumi in the project's folder on this terminal, or for a log without its idle lines. Gives its exit code. */
export function pulumi(executable: string, args: readonly string[], brief = false): Promise<number> {
  const piped = brief && !process.stdout.isTTY;
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, {
      cwd: projectDir,
      stdio: ["inherit", piped ? "pipe" : "inherit", "inherit"],
    });
    if (child.stdout !== null) {
      const isWorthALine = logFilter();
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (isWorthALine(line)) process.stdout.write(`${line}\n`);
      });
    }
    // A terminal sends its interrupt to Pulumi, too, which takes a second one as an order to stop at once.
    const pass = (signal: NodeJS.Signals) =>
      (signal === "SIGINT" && process.stdin.isTTY) || child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, pass);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, pass);
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

/** Runs Pulumi in the project's folder and collects what it prints. Secrets go in by standard input. */
export function quietPulumi(executable: string, args: readonly string[], input?: string) {
  return run(executable, ["--non-interactive", ...args], {
    cwd: projectDir,
    ...(input !== undefined && { input }),
  });
}
