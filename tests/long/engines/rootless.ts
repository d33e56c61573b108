import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fetchPackages } from "../../../rehearsal/debian-packages.ts";
import { inNetwork } from "../../../rehearsal/network.ts";
import type { Rehearsal } from "../../../rehearsal/rehearsal.ts";
import { findTools } from "../../../rehearsal/tools.ts";
import { librariesIn, type OtherEngine, startOtherEngine } from "./service.ts";

/** Debian's user without rights. */
const NOBODY = 65534;

// Packages are unpacked where that user may not look.
const prepare = `
mount -n -t tmpfs -o mode=755 rootless /mnt
mkdir /mnt/docker /mnt/rootless
mount -n --bind "$1" /mnt/docker
mount -n --bind "$2" /mnt/rootless
echo nobody:100000:65536 > /mnt/ids
mount -n --bind /mnt/ids /etc/subuid
mount -n --bind /mnt/ids /etc/subgid
mount -n -t tmpfs -o mode=755 rootless /dev/net
mknod -m 666 /dev/net/tun c 10 200
shift 2
exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups -- "$@"`;

// As Debian's dockerd-rootless.sh does it, but for the loopback, where the rehearsal's registry is.
const engine = `rm -f /run/docker /run/containerd /run/xtables.lock; exec dockerd "$@"`;

/**
 * Starts Debian's dockerd without root: by rootlesskit and slirp4netns, as the user nobody, in a folder. Its way out
 * leads to the loopback of a rehearsal's network, whose registry it has for Docker Hub.
 */
export async function startRootless(folder: string, rehearsal: Rehearsal): Promise<OtherEngine> {
  const root = await fetchPackages(["rootlesskit", "slirp4netns", "uidmap"], () => {});
  const tools = await findTools(() => {});
  mkdirSync(folder);
  chownSync(folder, NOBODY, NOBODY);
  chmodSync(dirname(folder), 0o711);
  // The packages' folder is above usr/sbin/dockerd.
  const docker = dirname(dirname(dirname(tools.dockerd)));
  const registry = `http://10.0.2.2:${new URL(rehearsal.registryUrl() ?? "").port}`;
  const kit = ["--net=slirp4netns", "--mtu=65520", "--port-driver=builtin", `--state-dir=${folder}/kit`];
  const own = [
    ...["--rootless", `--host=unix://${folder}/engine.sock`, `--registry-mirror=${registry}`],
    ...[`--data-root=${folder}/data`, `--exec-root=${folder}/exec`, `--pidfile=${folder}/docker.pid`],
    "--userland-proxy-path=/mnt/rootless/usr/bin/rootlesskit-docker-proxy",
  ];
  return startOtherEngine(
    folder,
    rehearsal,
    inNetwork(rehearsal.dir, [
      ...["unshare", "--mount", "--propagation", "slave", "--", "sh", "-ec", prepare, "rootless"],
      ...[docker, root, "/mnt/rootless/usr/bin/rootlesskit", ...kit, "--copy-up=/etc", "--copy-up=/run"],
      ...["sh", "-c", engine, "dockerd", ...own],
    ]),
    {
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      PATH: `/mnt/rootless/usr/bin:/mnt/docker/usr/sbin:/mnt/docker/usr/bin:${process.env.PATH}`,
      LD_LIBRARY_PATH: ["/mnt/rootless", "/mnt/docker"].map(librariesIn).join(":"),
      XTABLES_LIBDIR: `${librariesIn("/mnt/docker").split(":")[0]}/xtables`,
    },
  );
}
