import { delimiter } from "node:path";
import { findOnPath } from "../toolchain/find.ts";
import { blocker, type Finding, ok } from "./finding.ts";

/** The first program of that name on PATH. */
export function onPath(name: string, path = process.env.PATH ?? ""): string | undefined {
  return findOnPath(name, path.split(delimiter));
}

/** Whether there is a docker client, which runs the probes and, later, CooperBench's agents. */
export function clientFinding(file: string | undefined): Finding {
  if (file !== undefined) return ok("client", `docker is ${file}`);
  return blocker(
    "client",
    "got no docker on PATH, want the docker client: probes run it, and so do CooperBench's agents",
    "Install it (Debian, Ubuntu: apt-get install docker.io, or docker-cli where that is a package)",
  );
}
