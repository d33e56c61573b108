import type Docker from "dockerode";
import { fullName } from "../../lib/reference.ts";
import { registryAt } from "../registry/client.ts";
import { credentialsFor, dockerHubKey } from "../registry/docker-login.ts";
import { dockerHub, parseEndpoint } from "../registry/endpoint.ts";
import { RegistryError } from "../registry/error.ts";
import { resetOf } from "../registry/headers.ts";

/** Where an image can be pulled from. */
export interface Source {
  /** What a message calls the registry. */
  readonly registry: string;
  /** The registry's endpoint: a URL, or host and path. */
  readonly endpoint: string;
  /** The image's name on the engine when it is pulled from there: `[HOST/]REPOSITORY:TAG` or `…@DIGEST`. */
  readonly name: string;
  /** The same without the registry's host and path, and with `library/` where Docker Hub has that. */
  readonly image: string;
}

/** An image on Docker Hub, by its tag or digest there. */
export function onDockerHub(image: string): Source {
  return { registry: "Docker Hub", endpoint: dockerHub, name: image, image: fullName(image) };
}

/**
 * The same image on a mirror.
 *
 * @param mirror a URL, or host and path.
 */
export function onMirror(mirror: string, image: string, registry = mirror): Source {
  const { host, prefix } = parseEndpoint(mirror);
  const full = fullName(image);
  return { registry, endpoint: mirror, name: `${host}/${prefix}${full}`, image: full };
}

/** What `docker login` has left for the source's registry, as an engine takes it; undefined for nothing. */
export async function authConfigFor({ endpoint }: Source): Promise<Docker.AuthConfigObject | undefined> {
  const { host } = parseEndpoint(endpoint);
  const credentials = await credentialsFor(host);
  return (
    credentials && {
      ...credentials,
      serveraddress: endpoint === dockerHub ? dockerHubKey : host,
    }
  );
}

/**
 * When a registry will answer again, at the latest, that has reached its rate limit. An engine keeps that to itself, so the
 * registry is asked once more. Undefined where it does not say.
 */
export async function resetTime({ endpoint, image }: Source): Promise<Date | undefined> {
  const [repository = "", reference = ""] = image.split(/[:@](.*)/s);
  try {
    const { quota } = await registryAt(endpoint).head(repository, reference);
    return resetOf(quota, new Date());
  } catch (error) {
    return error instanceof RegistryError ? error.retryAt : undefined;
  }
}
