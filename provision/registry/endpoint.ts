import { RegistryError } from "./error.ts";

/** Docker Hub's registry. */
export const dockerHub = "https://registry-1.docker.io";

/** Where a registry is. */
export interface Endpoint {
  /** Scheme, host and port, such as https://registry-1.docker.io. */
  readonly origin: string;
  /** Host, with its port where it has one: what messages and Docker's configuration call it. */
  readonly host: string;
  /** What goes before a repository's name in a path: empty, or ends with a slash. */
  readonly prefix: string;
}

/**
 * Reads an endpoint: a URL, or `HOST[:PORT][/PREFIX]`, which means https, and http for this machine itself.
 *
 * @throws RegistryError where it is neither.
 */
export function parseEndpoint(text: string): Endpoint {
  const scheme = /^(localhost|127(\.\d{1,3}){3})(?![\w.-])/.test(text) ? "http" : "https";
  const address = /^https?:\/\//.test(text) ? text : `${scheme}://${text}`;
  if (!URL.canParse(address))
    throw new RegistryError(`${JSON.stringify(text)} is not the address of a registry`, {
      advice: "name it as HOST[:PORT][/PREFIX], or by a URL",
    });
  const { origin, host, pathname } = new URL(address);
  const prefix = pathname.replace(/^\/+|\/+$/g, "");
  return { origin, host, prefix: prefix === "" ? "" : `${prefix}/` };
}

/**
 * Where an engine asks for an image of Docker Hub, in its order.
 *
 * @param mirrors the engine's own: RegistryConfig.Mirrors of its GET /info.
 */
export function endpointsOf(mirrors: readonly string[]): readonly string[] {
  return [...mirrors, dockerHub];
}
