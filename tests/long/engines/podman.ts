import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchPackages } from "../../../rehearsal/debian-packages.ts";
import { inNetwork, networkEnv } from "../../../rehearsal/network.ts";
import type { Rehearsal } from "../../../rehearsal/rehearsal.ts";
import { findTools } from "../../../rehearsal/tools.ts";
import { librariesIn, type OtherEngine, startOtherEngine } from "./service.ts";

// crun refuses a machine that has control groups of both versions.
const unified = "/sys/fs/cgroup/unified";
const alone = `mount -n -t tmpfs podman /run
[ ! -d ${unified} ] || mount -n -t tmpfs podman ${unified}
exec "$@"`;

/**
 * Starts Debian's podman, unpacked and installed nowhere, in a folder. It is in the network of a rehearsal, whose
 * registry it has for Docker Hub. What it writes to /run goes with its mounts; its containers have no control group.
 */
export async function startPodman(folder: string, rehearsal: Rehearsal): Promise<OtherEngine> {
  const root = await fetchPackages(["aardvark-dns", "conmon", "crun", "netavark", "podman"], () => {});
  const tools = await findTools(() => {});
  const settings = join(folder, "home/.config/containers");
  mkdirSync(settings, { recursive: true });
  const write = (name: string, text: string, mode = 0o644) => {
    writeFileSync(join(settings, name), text, { mode });
    return join(settings, name);
  };
  write("policy.json", '{ "default": [{ "type": "insecureAcceptAnything" }] }');
  // conmon starts it with an environment of its own.
  const crun = `#!/bin/sh\nLD_LIBRARY_PATH=${librariesIn(root)} exec ${root}/usr/bin/crun "$@"\n`;
  const env = networkEnv(rehearsal.dir, tools);
  return startOtherEngine(
    folder,
    rehearsal,
    inNetwork(rehearsal.dir, [
      ...["unshare", "--mount", "--propagation", "slave", "--", "sh", "-ec", alone, "podman"],
      ...[join(root, "usr/bin/podman"), "system", "service", "--time=0", `unix://${folder}/engine.sock`],
    ]),
    {
      ...env,
      HOME: join(folder, "home"),
      LD_LIBRARY_PATH: `${librariesIn(root)}:${env.LD_LIBRARY_PATH ?? ""}`,
      CONTAINERS_CONF: write("containers.conf", containers(folder, root, write("crun", crun, 0o755))),
      CONTAINERS_STORAGE_CONF: write("storage.conf", storage(folder)),
      CONTAINERS_REGISTRIES_CONF: write("registries.conf", registries(rehearsal.registryUrl() ?? "")),
    },
  );
}

// Without limits of its own it sets some that need a right which a container's root may lack.
const containers = (folder: string, root: string, crun: string) => `
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
seccomp_profile = "${root}/usr/share/containers/seccomp.json"
[network]
network_backend = "netavark"
network_config_dir = "${folder}/networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
conmon_path = ["${root}/usr/bin/conmon"]
helper_binaries_dir = ["${root}/usr/lib/podman"]
runtime = "crun"
tmp_dir = "${folder}/libpod"
volume_path = "${folder}/volumes"
[engine.runtimes]
crun = ["${crun}"]
`;

const storage = (folder: string) => `
[storage]
driver = "overlay"
graphroot = "${folder}/data"
runroot = "${folder}/run"
`;

const registries = (registry: string) => `
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "${new URL(registry).host}"
insecure = true
`;
