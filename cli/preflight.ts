import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type Docker from "dockerode";
import { explainPullFailure, isUnreachable } from "../engine/pull-failure.ts";
import type { Task } from "../manifest/tasks.ts";
import { Problem } from "../provision/problem.ts";

/** The image references that an engine has. Throws a Problem where it does not answer. */
export async function imagesOn(engine: Docker, dockerHost: string): Promise<ReadonlySet<string>> {
  try {
    const images = await engine.listImages();
    return new Set(images.flatMap((image) => image.RepoTags ?? []));
  } catch (error) {
    throw noEngine(dockerHost, error as Error);
  }
}

/** What to tell where an engine does not answer. */
export function noEngine(dockerHost: string, error: Error): Problem {
  return new Problem(
    `the Docker engine at ${dockerHost} does not answer (${error.message}); want one that runs and that you may use.\n` +
      "Start it (Debian, Ubuntu: apt-get install docker.io), or set dockerHost to the one that is meant.\n" +
      "To try everything without it: ./machine up dev, the rehearsal.",
  );
}

/** Looks for the docker client, which runs the probes and, later, CooperBench's agents. */
export function assertDockerClient(env: NodeJS.ProcessEnv = process.env): void {
  if ((env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "docker")))) return;
  throw new Problem(
    "got no docker on PATH, want the docker client: probes run it, and so do CooperBench's agents.\n" +
      "Install it (Debian, Ubuntu: apt-get install docker.io, or docker-cli where that is a package).",
  );
}

/**
 * Asks the engine for the registry's word on one image that is to be pulled, so that a network without the registry
 * is found out at once and not 26 times.
 */
export async function assertRegistryAnswers(
  engine: Docker,
  tasks: readonly Task[],
  have: ReadonlySet<string>,
): Promise<void> {
  const missing = tasks.find((task) => !have.has(task.image));
  if (missing === undefined) return;
  try {
    await engine.getImage(missing.image).distribution();
  } catch (error) {
    // Other failures are an image's own, and told with that image.
    if (!isUnreachable(error as Error)) return;
    throw new Problem(
      `${explainPullFailure(missing.image, error as Error)}\nNothing was changed. To try everything on a network without Docker Hub: ./machine up dev, the rehearsal.`,
    );
  }
}
