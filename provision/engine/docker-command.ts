/** The engine's socket that the `docker` command asks where nothing is set. */
const usualHost = "unix:///var/run/docker.sock";

/** The words of a `docker` command for an engine, whose host it names where that is not the usual one. */
export function dockerAt(dockerHost: string, ...args: readonly string[]): readonly string[] {
  return ["docker", ...(dockerHost === usualHost ? [] : ["-H", dockerHost]), ...args];
}
