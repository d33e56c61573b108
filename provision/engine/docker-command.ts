/** The engine's socket that the `docker` command asks where nothing is set. */
const usualHost = "unix:///var/run/docker.sock";

/** `docker` as it is typed for an engine: it names the engine's host where that is not the usual one. */
export function dockerAt(dockerHost: string): string {
  return dockerHost === usualHost ? "docker" : `docker -H ${dockerHost}`;
}
