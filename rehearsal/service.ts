import { readFileSync } from "node:fs";
import { Problem } from "../lib/problem.ts";
import { endService, logFile, startService, until } from "./processes.ts";

/** A program that is started once and asked whether it answers. */
export interface Service {
  /** The rehearsal's folder. */
  readonly dir: string;
  /** Names its pid file and its log. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly answers: () => Promise<boolean>;
  /** How long it may take to answer at its start. */
  readonly startSeconds: number;
}

/**
 * Starts a service and returns when it answers.
 * @throws Error with the tail of its log when it ends or does not answer in time.
 */
export async function startAndWait(service: Service): Promise<void> {
  const { dir, name } = service;
  const child = startService(dir, name, service.argv, service.env);
  let ended: string | undefined;
  child.once("exit", (code, signal) => {
    ended = `ended with ${signal ?? `code ${code}`}`;
  });
  child.once("error", (error) => {
    ended = `cannot be started (${error.message})`;
  });
  let answered = false;
  await until(async () => {
    answered = await service.answers();
    return answered || ended !== undefined;
  }, service.startSeconds);
  if (answered && ended === undefined) return;
  await endService(dir, name, 5);
  const fault = ended ?? `did not answer within ${service.startSeconds} s`;
  throw new Problem(`${name} ${fault}. The end of ${logFile(dir, name)}:\n${tail(logFile(dir, name))}`, {
    advice: "fix what the log reports, then run the command again",
  });
}

function tail(file: string): string {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  // The engine tells much that is well, and its many tries to reach a containerd that failed: what is
  // left is the reason.
  const telling = lines.filter((line) => !/level=info|module=grpc/.test(line));
  return telling.slice(-15).join("\n");
}
