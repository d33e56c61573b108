import { blocker, type Finding, ok } from "../finding.ts";

/**
 * Whether there is a docker client, which runs the probes and, later, CooperBench's agents.
 *
 * @param broughtBy command that brings one, where this project can.
 */
export function clientFinding(file: string | undefined, broughtBy?: string): Finding {
  if (file !== undefined) return ok("client", `docker is ${file}`);
  if (broughtBy !== undefined) return ok("client", `not there yet: ${broughtBy} brings one`);
  return blocker(
    "client",
    "got no docker on PATH, want the docker client: probes run it, and so do CooperBench's agents",
    "Install it (Debian, Ubuntu: apt-get install docker.io, or docker-cli where that is a package)",
  );
}
