import Docker from "dockerode";

/**
 * A client of the Docker engine at a host such as unix:///var/run/docker.sock. The library reads DOCKER_HOST when a
 * client is made, and with it DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and SSH_AUTH_SOCK.
 */
export function engineAt(dockerHost: string): Docker {
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = dockerHost;
  try {
    return new Docker();
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
}
