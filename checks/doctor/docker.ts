import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { asTyped, type Command } from "../../lib/remedy.ts";
import { blocker, type Finding, ok } from "../finding.ts";

/**
 * Whether there is a docker client, which CooperBench's agents run.
 *
 * @param broughtBy what brings one, where this project can.
 */
export function clientFinding(file: string | undefined, broughtBy?: Command): Finding {
  if (file !== undefined && isPodmans(file))
    return blocker(
      "client",
      `docker is ${file}, which runs podman: it uses podman, whatever engine DOCKER_HOST names`,
      {
        advice:
          "install Docker's own (Debian, Ubuntu: apt-get remove podman-docker, then apt-get install docker.io, or docker-cli where that is a package)",
      },
    );
  if (file !== undefined) return ok("client", `docker is ${file}`);
  if (broughtBy !== undefined) return ok("client", `not there yet: ${asTyped(broughtBy)} brings one`);
  return blocker("client", "there is no docker on PATH, the client, which CooperBench's agents run", {
    advice:
      "install it (Debian, Ubuntu: apt-get install docker.io, or docker-cli if there is such a package)",
  });
}

/** Whether a `docker` is podman by that name: a script of a few lines, as distributions have it, or a link. */
function isPodmans(file: string): boolean {
  try {
    const place = realpathSync(file);
    if (basename(place) === "podman") return true;
    return statSync(place).size < 4096 && /^#!.*^exec \S*podman /ms.test(readFileSync(place, "utf8"));
  } catch {
    return false; // a program that may be run, and not be read
  }
}
