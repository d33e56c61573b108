import { Problem } from "../../lib/problem.ts";
import { machine, type Remedies } from "../../lib/remedy.ts";

/** An engine did not answer, so that nothing is known of it: another thing than an answer that it has none. */
export class NoAnswer extends Problem {
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Why, such as `connect ENOENT /var/run/docker.sock`. */
  readonly reason: string;

  /** @param remedies default: for one that does not run, or is another than the one that is meant. */
  constructor(dockerHost: string, reason: string, options?: ErrorOptions & { remedies?: Remedies }) {
    const { remedies = silent, ...cause } = options ?? {};
    super(`the engine at ${dockerHost} does not answer (${reason})`, remedies, cause);
    this.dockerHost = dockerHost;
    this.reason = reason;
  }
}

const silent: Remedies = [
  { advice: "start the engine, then run the command again" },
  { ...machine("set", "STACK", "dockerHost", "HOST"), when: "if you mean another engine" },
];
