import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import type Docker from "dockerode";
import type { Platform } from "../../lib/platform.ts";
import { withoutControls } from "../../lib/printable.ts";
import { connectionTo } from "./connection.ts";
import { NoAnswer } from "./no-answer.ts";

/** Milliseconds that an engine has for each question. One that is busy with pulls, and is asked over ssh, takes seconds. */
const ANSWER_MS = 60_000;

/** An engine's no: the message is its own. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  /** Of HTTP: 404 for what it does not have, 409 for what is at odds with something. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(withoutControls(message));
    this.status = status;
  }
}

/** Whether an engine has said that it has no such thing. */
export function isNone(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404;
}

/** A question of the engine's API (https://docs.docker.com/reference/api/engine/). */
export interface Question {
  /** Default: GET. */
  readonly method?: "GET" | "POST" | "DELETE";
  /** Such as /images/json. */
  readonly path: string;
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes the question back. */
  readonly abort?: AbortSignal | undefined;
  /** Whether it takes as long as it takes, since who asks watches it. Default: false. */
  readonly isLong?: boolean;
}

/**
 * The client of an engine: `engineAt("unix:///var/run/docker.sock")`. Each question has a time limit, a stream up to its
 * beginning, and fails with NoAnswer where no answer comes, and with EngineError where the engine says no.
 *
 * It is no library's, because the one there is takes 0.15 s of processor to load, which each of 26 probes would pay.
 */
export class Engine {
  readonly #dockerHost: string;
  readonly #answerMs: number;
  readonly #send: (question: Question, signal: AbortSignal) => Promise<IncomingMessage>;

  /** @throws a Problem where an engine cannot be asked at that host. */
  constructor(dockerHost: string, answerMs: number) {
    this.#dockerHost = dockerHost;
    this.#answerMs = answerMs;
    const { tls, ...connection } = connectionTo(dockerHost);
    this.#send = ({ method = "GET", path, query = {}, headers, body }, signal) => {
      // An import of node:http loads fetch, WebSocket and TLS as well, which takes longer than most questions.
      const { request } = process.getBuiltinModule(tls === undefined ? "node:http" : "node:https");
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) search.set(name, String(value));
      const json = body && Buffer.from(JSON.stringify(body));
      const options = {
        ...{ ...connection, ...tls, method, signal },
        headers: {
          ...(json && { "Content-Type": "application/json", "Content-Length": json.length }),
          ...headers,
        },
        path: encodeURI(path) + (search.size === 0 ? "" : `?${search}`),
      };
      return new Promise((resolve, reject) => {
        request(options).on("error", reject).on("response", resolve).end(json);
      });
    };
  }

  /** Asks, and gives the answer's JSON; undefined for an answer without any. */
  ask<Answer = void>(question: Question): Promise<Answer> {
    return this.#answered(question, async (response) => {
      const text = (await buffer(response)).toString();
      return (/^\s*[[{]/.test(text) ? JSON.parse(text) : undefined) as Answer;
    });
  }

  /** Asks, and gives the answer as it comes. */
  stream(question: Question): Promise<IncomingMessage> {
    return this.#answered(question, async (response) => response);
  }

  async #answered<Answer>(
    question: Question,
    read: (response: IncomingMessage) => Promise<Answer>,
  ): Promise<Answer> {
    const { abort, isLong = false } = question;
    const late = new AbortController();
    const timer = isLong ? undefined : setTimeout(() => late.abort(), this.#answerMs);
    const signal = abort === undefined ? late.signal : AbortSignal.any([abort, late.signal]);
    try {
      const response = await this.#send(question, signal);
      const { statusCode: status = 0 } = response;
      if (status < 400) return await read(response);
      throw this.#refusal(status, (await buffer(response)).toString());
    } catch (error) {
      if (abort?.aborted || error instanceof EngineError || error instanceof NoAnswer) throw error;
      const reason = late.signal.aborted
        ? `no answer in ${this.#answerMs / 1000} s`
        : (error as Error).message;
      throw new NoAnswer(this.#dockerHost, reason, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** An engine's own no has a message in JSON: one of 502 to 504 without is of a proxy that has lost its engine. */
  #refusal(status: number, text: string): Error {
    let message: unknown;
    try {
      ({ message } = JSON.parse(text));
    } catch {
      // A page, or nothing.
    }
    if (typeof message === "string") return new EngineError(status, message);
    if (status < 502 || status > 504)
      return new EngineError(status, text.slice(0, 500).trim() || `status ${status}`);
    return new NoAnswer(this.#dockerHost, `a proxy before it gives ${status}`);
  }

  ping(): Promise<void> {
    return this.ask({ path: "/_ping" });
  }

  version(): Promise<Docker.DockerVersion> {
    return this.ask({ path: "/version" });
  }

  info<Info = { readonly NCPU: number; readonly MemTotal: number }>(): Promise<Info> {
    return this.ask({ path: "/info" });
  }

  listImages(): Promise<Docker.ImageInfo[]> {
    return this.ask({ path: "/images/json" });
  }

  getImage(name: string) {
    const path = `/images/${name}`;
    return {
      inspect: () => this.ask<Docker.ImageInspectInfo>({ path: `${path}/json` }),
      tag: ({ repo, tag }: { readonly repo: string; readonly tag: string }) =>
        this.ask({ method: "POST", path: `${path}/tag`, query: { repo, tag } }),
      remove: () => this.ask({ method: "DELETE", path }),
      /** What its registry has, asked by the engine. */
      distribution: () =>
        this.ask<{
          readonly Descriptor: { readonly digest: string };
          readonly Platforms?: readonly Platform[] | null;
        }>({
          path: `/distribution/${name}/json`,
        }),
    };
  }

  /** Begins a pull: a line of JSON for each event. */
  pull(
    source: string,
    options: { platform?: string; authconfig?: Docker.AuthConfig; abort?: AbortSignal } = {},
  ): Promise<IncomingMessage> {
    const { platform, authconfig, abort } = options;
    const credentials = authconfig && urlBase64(JSON.stringify(authconfig));
    return this.stream({
      ...{
        method: "POST",
        path: "/images/create",
        query: { fromImage: source, platform },
        abort,
        isLong: true,
      },
      ...(credentials !== undefined && { headers: { "X-Registry-Auth": credentials } }),
    });
  }

  listContainers(label: readonly string[]): Promise<Docker.ContainerInfo[]> {
    return this.ask({ path: "/containers/json", query: { all: true, filters: JSON.stringify({ label }) } });
  }

  async createContainer({ name, ...body }: Docker.ContainerCreateOptions) {
    const made = await this.ask<{ readonly Id: string }>({
      ...{ method: "POST", path: "/containers/create", query: { name }, body },
    });
    return this.getContainer(made.Id);
  }

  getContainer(name: string) {
    const path = `/containers/${name}`;
    return {
      inspect: () => this.ask<Docker.ContainerInspectInfo>({ path: `${path}/json` }),
      start: () => this.ask({ method: "POST", path: `${path}/start` }),
      unpause: () => this.ask({ method: "POST", path: `${path}/unpause` }),
      /** What it prints, in Docker's frames (steps/container.ts). */
      attach: () =>
        this.stream({
          method: "POST",
          path: `${path}/attach`,
          query: { stream: true, stdout: true, stderr: true },
        }),
      wait: (abort?: AbortSignal) =>
        this.ask<{ readonly StatusCode: number }>({
          method: "POST",
          path: `${path}/wait`,
          abort,
          isLong: true,
        }),
      /** Running or not. */
      remove: ({ withVolumes }: { readonly withVolumes: boolean }) =>
        this.ask({ method: "DELETE", path, query: { force: true, v: withVolumes } }),
    };
  }

  getNetwork(name: string) {
    const path = `/networks/${name}`;
    return {
      inspect: () => this.ask<Docker.NetworkInspectInfo>({ path }),
      remove: () => this.ask({ method: "DELETE", path }),
    };
  }

  getVolume(name: string) {
    const path = `/volumes/${name}`;
    return {
      inspect: () => this.ask<Docker.VolumeInspectInfo>({ path }),
      remove: () => this.ask({ method: "DELETE", path }),
    };
  }

  createVolume(Name: string, Labels: Readonly<Record<string, string>>): Promise<void> {
    return this.ask({ method: "POST", path: "/volumes/create", body: { Name, Labels } });
  }

  listVolumes(label: readonly string[]): Promise<{ readonly Volumes?: Docker.VolumeInspectInfo[] | null }> {
    return this.ask({ path: "/volumes", query: { filters: JSON.stringify({ label }) } });
  }
}

/** A container that an engine has, or may have. */
export type ContainerClient = ReturnType<Engine["getContainer"]>;

/** For URLs, and padded, as Go reads it. */
function urlBase64(text: string): string {
  return Buffer.from(text).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

/**
 * The client of the engine at a host, as in DOCKER_HOST.
 *
 * @param answerMs time limit of each question. Default: 60 s.
 * @throws a Problem where an engine cannot be asked at that host.
 */
export function engineAt(dockerHost: string, answerMs: number = ANSWER_MS): Engine {
  return new Engine(dockerHost, answerMs);
}
