import { existsSync } from "node:fs";
import { homedir } from "node:os";

/**
 * The Docker engine that a stack speaks to: its `dockerHost` setting, else DOCKER_HOST, else the first of the
 * engine's usual sockets (of the system, of Docker Desktop) that is there.
 */
export function dockerHostOf(setting: string, env: NodeJS.ProcessEnv = process.env): string {
  if (setting !== "") return setting;
  if (env.DOCKER_HOST) return env.DOCKER_HOST;
  const sockets = ["/var/run/docker.sock", `${homedir()}/.docker/run/docker.sock`];
  return `unix://${sockets.find((socket) => existsSync(socket)) ?? sockets[0]}`;
}
