import { readFileSync } from "node:fs";
import type { Agent } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { sshAgent } from "./ssh.ts";

/** How an engine's client connects. */
export interface Connection {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly agent?: Agent;
  /** For TLS, with a certificate of the client's; undefined where there is none. */
  readonly tls?: {
    readonly ca: Buffer;
    readonly cert: Buffer;
    readonly key: Buffer;
    readonly rejectUnauthorized: boolean;
  };
}

/**
 * How the engine at a host is reached, as the `docker` command does it: over ssh by the user's own OpenSSH, and over TLS
 * where DOCKER_TLS_VERIFY (or DOCKER_TLS, which does not verify) is set, with the files in DOCKER_CERT_PATH.
 *
 * @param dockerHost as in DOCKER_HOST.
 * @throws a Problem where it is none of unix, tcp, http, https and ssh, or a certificate cannot be read.
 */
export function connectionTo(dockerHost: string, env: Environment = process.env): Connection {
  const address = dockerHost.includes("://") ? dockerHost : `tcp://${dockerHost}`;
  if (address.startsWith("unix://"))
    return { socketPath: address.slice("unix://".length) || "/var/run/docker.sock" };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  switch (url?.protocol) {
    case "ssh:":
      // The name stands in the request's Host header alone.
      return { host: "docker", port: 80, agent: sshAgent(dockerHost, url, env) };
    case "tcp:":
    case "http:":
    case "https:": {
      const host = url.hostname.replace(/^\[|\]$/g, "");
      const isTls = Boolean(env.DOCKER_TLS_VERIFY || env.DOCKER_TLS) || url.protocol === "https:";
      if (!isTls) return { host, port: Number(url.port || 2375) };
      return { host, port: Number(url.port || 2376), tls: certificates(env) };
    }
    default:
      throw new Problem(`${JSON.stringify(dockerHost)} is not the address of an engine`, {
        advice:
          "name it as unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST[:PORT] (dockerHost, or DOCKER_HOST)",
      });
  }
}

function certificates(env: Environment): NonNullable<Connection["tls"]> {
  const folder = env.DOCKER_CERT_PATH || env.DOCKER_CONFIG || join(homedir(), ".docker");
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name));
    } catch (error) {
      throw new Problem(
        `DOCKER_TLS_VERIFY or DOCKER_TLS is set, and ${join(folder, name)} cannot be read (${(error as NodeJS.ErrnoException).code})`,
        [
          { command: ["export", "DOCKER_CERT_PATH=FOLDER"], when: "with the folder of the certificates" },
          { command: ["unset", "DOCKER_TLS_VERIFY", "DOCKER_TLS"], when: "if the engine has no TLS" },
        ],
      );
    }
  };
  const isVerified = Boolean(env.DOCKER_TLS_VERIFY);
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem"), rejectUnauthorized: isVerified };
}
