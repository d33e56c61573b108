import Docker from "dockerode";
import { Problem } from "../../lib/problem.ts";
import { connectionTo } from "./connection.ts";
import { NoAnswer } from "./no-answer.ts";

/** Milliseconds that an engine has for each question. One that is busy with pulls, and is asked over ssh, takes seconds. */
const ANSWER_MS = 60_000;

/** What takes as long as it takes: who asks for it watches it. */
const isLong = /^\/(images\/create|build|containers\/[^/]+\/wait)\b/;

/**
 * A client of the engine at a host such as unix:///var/run/docker.sock. Each question has a time limit, of a stream up to
 * its beginning, and fails with NoAnswer where no answer comes; what the engine answers, a no among it, is another error.
 *
 * @param answerMs default: 60 s.
 * @throws a Problem where the host, or what the environment has for it, is none that an engine can be asked by.
 */
export function engineAt(dockerHost: string, answerMs: number = ANSWER_MS): Docker {
  const connection = connectionTo(dockerHost);
  let engine: Docker;
  try {
    // Each of them is given, because the library takes what is not from the environment.
    engine = new Docker({ ...nothing, ...connection } as Docker.DockerOptions);
  } catch (error) {
    // It reads the environment even so.
    throw new Problem(`DOCKER_HOST or DOCKER_CERT_PATH is wrong in this shell: ${(error as Error).message}`, {
      cause: error,
    });
  }
  limit(engine.modem as Modem, dockerHost, answerMs);
  return engine;
}

const nothing = {
  socketPath: undefined,
  host: undefined,
  port: undefined,
  protocol: "http",
  pathPrefix: "/",
  username: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: undefined,
};

/** Of the library's connection, the one function that every question goes through. */
interface Modem {
  dial(question: Question, answer: Answer): void;
}
interface Question {
  readonly path: string;
  readonly abortSignal?: AbortSignal;
}
type Answer = (error: Error | null, result: unknown) => void;

function limit(modem: Modem, dockerHost: string, answerMs: number): void {
  const dial = modem.dial.bind(modem);
  modem.dial = (question, answer) => {
    const given = question.abortSignal;
    const late = new AbortController();
    let isAnswered = false;
    const done: Answer = (error, result) => {
      clearTimeout(timer);
      if (isAnswered) return;
      isAnswered = true;
      answer(error && (given?.aborted === true ? error : failure(dockerHost, error)), result);
    };
    const timer = isLong.test(question.path)
      ? undefined
      : setTimeout(() => {
          done(new NoAnswer(dockerHost, `no answer in ${answerMs / 1000} s`), null);
          late.abort();
        }, answerMs);
    const abortSignal = given === undefined ? late.signal : AbortSignal.any([given, late.signal]);
    dial({ ...question, abortSignal }, done);
  };
}

/** An engine's own error has a message in JSON: one of 502 to 504 without is of a proxy that has lost its engine. */
function failure(dockerHost: string, error: Error): Error {
  if (error instanceof NoAnswer) return error;
  const { statusCode, json } = error as { statusCode?: number; json?: { message?: unknown } };
  if (statusCode === undefined) return new NoAnswer(dockerHost, error.message, { cause: error });
  const isProxys = statusCode >= 502 && statusCode <= 504 && typeof json?.message !== "string";
  return isProxys
    ? new NoAnswer(dockerHost, `a proxy before it gives ${statusCode}`, { cause: error })
    : error;
}

/** Whether an engine has said that it has no such thing. */
export function isNone(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}
