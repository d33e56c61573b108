import { missingHelper } from "../../provision/registry/docker-login.ts";
import { dockerHub, parseEndpoint } from "../../provision/registry/endpoint.ts";
import { type Finding, warning } from "../finding.ts";

/**
 * Whether what `docker login` has left can be read for the registry that images come from; undefined where it can.
 *
 * @param mirror as in the settings; empty for Docker Hub.
 */
export function loginFinding(mirror: string): Finding | undefined {
  const { host } = parseEndpoint(mirror || dockerHub);
  const missing = missingHelper(host);
  if (missing === undefined) return undefined;
  return warning("login", `${missing}: images are pulled from ${host} without credentials`, [
    { advice: "install it" },
    { command: ["docker", "login", host], when: "once it is removed from that file" },
  ]);
}
