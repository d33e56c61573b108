import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Agent } from "node:http";
import { Duplex } from "node:stream";
import { type Environment, environmentFor } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { type Fault, machine } from "../../lib/remedy.ts";
import { NoAnswer } from "./no-answer.ts";

/** Connections of this process to one engine: a usual sshd turns some away where more than 10 log in at once. */
const CONNECTIONS = 8;

const agents = new Map<string, Agent>();

/**
 * Connections to an engine through the user's own OpenSSH, whose configuration, keys, jump hosts and known hosts count, as
 * for the `docker` command. Nobody is asked anything: a host key that is not known, or a key that wants a passphrase, is
 * refused.
 *
 * @param url ssh://[USER@]HOST[:PORT][/SOCKET].
 * @throws a Problem where the URL has something else.
 */
export function sshAgent(dockerHost: string, url: URL, env: Environment = process.env): Agent {
  const known = agents.get(dockerHost);
  if (known !== undefined) return known;
  const args = sshArguments(dockerHost, url);
  const { Agent } = process.getBuiltinModule("node:http"); // client.ts says why
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  agent.createConnection = () => {
    const child = spawn("ssh", args, { env: environmentFor("docker", env), stdio: "pipe" });
    return new SshConnection(child, ({ found, ...options }) => new NoAnswer(dockerHost, found, options));
  };
  agents.set(dockerHost, agent);
  return agent;
}

function sshArguments(
  dockerHost: string,
  { username, password, hostname, port, pathname, search, hash }: URL,
) {
  if (hostname === "" || password !== "" || search !== "" || hash !== "" || !/^[\w./-]*$/.test(pathname))
    throw new Problem(
      `${JSON.stringify(dockerHost.replace(/:[^:@/]*@/, ":…@"))} is not the address of an engine`,
      {
        advice: "name it as ssh://[USER@]HOST[:PORT], without a password (dockerHost, or DOCKER_HOST)",
      },
    );
  return [
    ...["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30"],
    ...(username === "" ? [] : ["-l", decodeURIComponent(username)]),
    ...(port === "" ? [] : ["-p", port]),
    ...["--", hostname.replace(/^\[|\]$/g, "")],
    ...["docker", ...(pathname.length > 1 ? ["--host", `unix://${pathname}`] : []), "system", "dial-stdio"],
  ];
}

/** One run of `ssh … docker system dial-stdio`, as a connection of an HTTP agent. */
class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams, noAnswer: (why: Why) => Error) {
    super();
    this.#child = child;
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said = (said + text).slice(-2000);
    });
    child.stdout.on("data", (bytes) => {
      if (!this.push(bytes)) child.stdout.pause();
    });
    child.stdin.on("error", () => {}); // its end says why
    child.on("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "ENOENT"
          ? { found: "ssh is not on PATH", remedies: { advice: "install OpenSSH's client" } }
          : { found: error.message };
      this.destroy(noAnswer(why));
    });
    child.on("close", (code) => {
      if (code === 0) this.push(null);
      else this.destroy(noAnswer(whyNot(code, said, child.spawnargs)));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    // A broken pipe is the program's end, which says why.
    this.#child.stdin.write(bytes, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  // What an agent wants of a socket. One that waits for the next question holds no process up.
  ref(): this {
    for (const one of this.#handles()) one.ref?.();
    return this;
  }
  unref(): this {
    for (const one of this.#handles()) one.unref?.();
    return this;
  }
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }

  #handles(): readonly { ref?(): unknown; unref?(): unknown }[] {
    const { stdin, stdout, stderr } = this.#child;
    return [this.#child, ...([stdin, stdout, stderr] as object[])];
  }
}

/** Why there is no connection, and what helps where that is known. */
type Why = Pick<Fault, "found"> & Partial<Fault>;

/** What ssh, or docker over there, says when no connection comes of it. The first that matches counts. */
const reasons: readonly (readonly [RegExp, (target: readonly string[]) => Why])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/i,
    () => ({
      found: "its host key is not the known one",
      remedies: { command: ["ssh-keygen", "-R", "HOST"], when: "if you know why it changed" },
    }),
  ],
  [
    /Host key verification failed/i,
    (target) => ({
      found: "its host key is not known",
      remedies: { command: ["ssh", ...target], when: "once, to compare the key's fingerprint" },
    }),
  ],
  [
    /Permission denied \(|Too many authentication failures|sign_and_send_pubkey/i,
    (target) => ({
      found: "it refuses the key",
      remedies: [
        { command: ["ssh-copy-id", ...target] },
        { command: ["ssh-add"], when: "if the key has a passphrase" },
      ],
    }),
  ],
  [
    /Could not resolve hostname/i,
    () => ({
      found: "there is no host with that name",
      remedies: machine("set", "STACK", "dockerHost", "ssh://USER@HOST"),
    }),
  ],
  [
    /Connection (refused|timed out|closed|reset)|No route to host|Network is unreachable|timed out|kex_exchange_identification/i,
    (target) => ({
      found: "ssh cannot reach it",
      remedies: { command: ["ssh", "-v", ...target], when: "to see why" },
    }),
  ],
  [
    /docker: (command )?not found|docker.*No such file|not recognized/i,
    (target) => ({
      found: "docker is not on the PATH there",
      remedies: {
        advice: `install it there, until ${["ssh", ...target, "docker", "version"].join(" ")} finds it`,
      },
    }),
  ],
  [
    /permission denied/i,
    (target) => ({
      found: "the user there may not use its engine",
      remedies: { command: ["ssh", "-t", ...target, "sudo", "usermod", "-aG", "docker", "USER"] },
    }),
  ],
  [
    /Cannot connect to the Docker daemon|failed to connect|dial unix/i,
    () => ({
      found: "the engine there is not running",
      remedies: { advice: "start it there, then run the command again" },
    }),
  ],
];

function whyNot(code: number | null, said: string, argv: readonly string[]): Why {
  const options = argv.slice(argv.indexOf("ConnectTimeout=30") + 1, argv.indexOf("docker"));
  const target = options.filter((word) => word !== "--");
  const line = said.trim().split("\n").at(-1)?.trim() ?? "";
  const known = reasons.find(([says]) => says.test(said))?.[1](target);
  const words = line === "" ? `ssh ended with ${code ?? "a signal"}` : line;
  return known === undefined ? { found: words } : { ...known, found: `${known.found} (${words})` };
}
