import { Problem } from "../../lib/problem.ts";

/** An engine did not answer, so that nothing is known of it: another thing than an answer that it has none. */
export class NoAnswer extends Problem {
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Why, such as `connect ENOENT /var/run/docker.sock`. */
  readonly reason: string;

  constructor(dockerHost: string, reason: string, options?: ErrorOptions) {
    super(`the engine at ${dockerHost} does not answer (${reason})`, undefined, options);
    this.dockerHost = dockerHost;
    this.reason = reason;
  }
}
