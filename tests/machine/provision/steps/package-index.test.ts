import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  askIndex,
  type IndexTrouble,
  indexLabel,
  type Manager,
} from "../../../../provision/steps/package-index.ts";
import { putUvOnPath } from "./tiny-cooperbench.ts";

/** Starts on any of this machine's ports, or at a socket. */
async function listen(server: Server, at: string | number): Promise<void> {
  await new Promise<void>((resolve) =>
    typeof at === "string" ? server.listen(at, resolve) : server.listen(at, "127.0.0.1", resolve),
  );
}

/** An engine whose containers are processes of this machine: what the programs print is theirs. */
class Engine {
  /** What it was asked to create. */
  readonly created: {
    readonly Image: string;
    readonly Entrypoint: readonly string[];
    readonly WorkingDir: string;
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly HostConfig: object;
  }[] = [];
  removed = 0;
  #begin: () => void = () => {};
  #ended: Promise<number> = Promise.resolve(0);

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verb = new URL(request.url ?? "", "http://engine").pathname.split("/").at(-1);
    const json = (status: number, content: object) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(content));
    if (request.method === "DELETE") {
      this.removed += 1;
      return void response.writeHead(204).end();
    }
    if (verb === "create") {
      this.created.push(JSON.parse(await text(request)));
      return void json(201, { Id: "made" });
    }
    if (verb === "wait") return void json(200, { StatusCode: await this.#ended });
    if (verb === "attach") {
      response.writeHead(200).flushHeaders();
      this.#begin = () => {
        this.#ended = this.#run(response);
      };
      return;
    }
    const [program = ""] = this.created.at(-1)?.Entrypoint ?? [];
    if (program === "pnpm")
      return void json(404, { message: `exec: "pnpm": executable file not found in $PATH` });
    this.#begin();
    response.writeHead(204).end();
  }

  #run(response: ServerResponse): Promise<number> {
    const { Entrypoint = [], Env = [] } = this.created.at(-1) ?? {};
    const here = (word: string) => word.replace("/tmp/cooperbench-machine", join(folder, "got"));
    const [file = "", ...args] = Entrypoint.map(here);
    const env = Object.fromEntries(Env.map((one) => here(one).split(/=(.*)/s)));
    const path = `${folder}:${process.env.PATH}`;
    const child = spawn(file, args, { cwd: folder, env: { PATH: path, HOME: folder, ...env } });
    const frame = (stream: number) => (bytes: Buffer) => {
      const header = Buffer.alloc(8);
      header.writeUInt8(stream, 0);
      header.writeUInt32BE(bytes.length, 4);
      response.write(Buffer.concat([header, bytes]));
    };
    child.stdout.on("data", frame(1));
    child.stderr.on("data", frame(2));
    return new Promise((resolve) =>
      child.on("close", (code) => {
        response.end();
        resolve(code ?? 137);
      }),
    );
  }
}

let folder: string;
let index: Server;
let refusing: Server;
let silent: Server;
let engine: Engine;
let server: Server;

// A wheel, as PyPI has it.
const makeWheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("six.py", "")
    meta = "six-1.0.dist-info"
    wheel.writestr(meta + "/METADATA", "Metadata-Version: 2.1\\nName: six\\nVersion: 1.0\\n")
    wheel.writestr(meta + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(meta + "/RECORD", "")
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "package-index-"));
  mkdirSync(join(folder, "pip.lib"));
  await putUvOnPath();
  execFileSync("uv", ["pip", "install", "--quiet", "--system", "--target", join(folder, "pip.lib"), "pip"]);
  writeFileSync(join(folder, "pip"), `#!/bin/sh\nPYTHONPATH=${folder}/pip.lib exec python3 -m pip "$@"\n`, {
    mode: 0o755,
  });
  const wheel = join(folder, "six-1.0-py3-none-any.whl");
  execFileSync("python3", ["-c", makeWheel, wheel]);

  index = createServer(({ url = "" }, response) => {
    if (url.endsWith(".whl")) return response.end(readFileSync(wheel));
    if (url === "/simple/six/") {
      response.setHeader("Content-Type", "text/html");
      return response.end('<a href="/six-1.0-py3-none-any.whl">six-1.0-py3-none-any.whl</a>');
    }
    if (url === "/ms") {
      response.setHeader("Content-Type", "application/json");
      return response.end(
        JSON.stringify({
          ...{ name: "ms", "dist-tags": { latest: "2.0.0" } },
          versions: {
            "2.0.0": { name: "ms", version: "2.0.0", dist: { tarball: "http://127.0.0.1/ms.tgz" } },
          },
        }),
      );
    }
    return response.writeHead(404).end();
  });
  refusing = createServer((_, response) => response.writeHead(403).end("not from here"));
  silent = createServer(() => {});
  for (const one of [index, refusing, silent]) await listen(one, 0);
  server = createServer((request, response) => void engine.answer(request, response));
  await listen(server, join(folder, "docker.sock"));
}, 120_000);
afterAll(() => {
  for (const one of [index, refusing, silent, server]) {
    one.closeAllConnections();
    one.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  engine = new Engine();
  rmSync(join(folder, "got"), { recursive: true, force: true });
});

const at = (one: Server) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
const ask = (
  manager: Manager,
  url: string,
  more: readonly string[] = [],
  limits = { answer: 10, container: 15 },
) =>
  askIndex({
    ...{ dockerHost: `unix://${folder}/docker.sock`, image: "a/b:c", manager, stack: "lab-1", limits },
    env: [
      `PIP_INDEX_URL=${url}/simple`,
      `UV_DEFAULT_INDEX=${url}/simple`,
      `npm_config_registry=${url}/`,
      ...more,
    ],
  });

const managers: readonly Manager[] = ["pip", "uv", "npm"];

test.each(managers)(
  "%s gets a package from an index that answers, in a container that is gone then",
  async (manager) => {
    const answer = await ask(manager, at(index));
    expect(answer).toEqual({ seconds: expect.any(Number) });
    const [created] = engine.created;
    expect(created).toMatchObject({ Image: "a/b:c", WorkingDir: "/workspace/repo" });
    expect(created?.HostConfig).not.toHaveProperty("NetworkMode");
    expect(created?.Labels).toMatchObject({
      [indexLabel]: expect.stringMatching(/^cooperbench-index-[0-9a-f]{12}$/),
      "cooperbench-machine.stack-id": "lab-1",
    });
    expect(engine.removed).toBe(1);
  },
);

const proxied = ["HTTPS_PROXY=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:1"];
test.each<[Manager, string, () => string, readonly string[], IndexTrouble["cause"], RegExp]>([
  ["pip", "a name that nobody knows", () => "https://index.invalid", [], "name", /Name|name/],
  ["uv", "a name that nobody knows", () => "http://index.invalid", [], "name", /^failed to lookup/],
  ["npm", "a name that nobody knows", () => "http://index.invalid", [], "name", /^getaddrinfo E/],
  ["pip", "a closed port", () => "http://127.0.0.1:1", [], "connection", /^Connection refused/],
  ["uv", "a closed port", () => "http://127.0.0.1:1", [], "connection", /^Connection refused/],
  ["npm", "a closed port", () => "http://127.0.0.1:1", [], "connection", /^connect ECONNREFUSED/],
  ["pip", "a proxy that is not there", () => "https://index.invalid", proxied, "proxy", /proxy/i],
  ["pip", "a refusal", () => at(refusing), [], "other", /Could not fetch URL .*403/],
  ["uv", "a refusal", () => at(refusing), [], "other", /./],
  ["npm", "a refusal", () => at(refusing), [], "other", /./],
])("%s at %s says so", async (manager, _, url, more, cause, said) => {
  const { trouble } = await ask(manager, url(), more);
  expect(trouble).toEqual({ cause, said: expect.stringMatching(said) });
  expect(engine.removed).toBe(1);
});

test.each(managers)("%s does not wait long for an index that says nothing", async (manager) => {
  const { trouble, seconds } = await ask(manager, at(silent), [], { answer: 1, container: 15 });
  expect(trouble?.cause).toBe("connection");
  expect(seconds).toBeLessThan(10);
});

test("an image without the program is named", async () => {
  await expect(ask("pnpm", at(index))).rejects.toThrow("a/b:c has no pnpm on its PATH");
  expect(engine.removed).toBe(1);
});
