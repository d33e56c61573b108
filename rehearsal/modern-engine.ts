/** The modern engine: moby, containerd and runc as new machines have them, from the Go modules that modern-engine/ locks. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { findOnPath } from "../lib/find-program.ts";
import { foundOf, Problem } from "../lib/problem.ts";
import { type GoProgram, goProgram } from "../toolchain/go-program.ts";
import { readSettings } from "../toolchain/variables.ts";
import { fetchPackages, multiarch } from "./debian-packages.ts";
import { ENGINE_VARIABLE } from "./engine-choice.ts";

/** As go.mod has them. */
const MOBY = "2.0.0-beta.24";
const CONTAINERD = "2.4.2";
const RUNC = "1.5.2";

/** The same for all, so that what two of them share is compiled once. */
const tags = "no_btrfs,no_zfs,no_devmapper,netgo,osusergo,seccomp";
const module = join(import.meta.dirname, "modern-engine");

const versionOf = (variable: string, version: string) => `-s -w -X ${variable}=${version}`;
const ofMoby = versionOf("github.com/moby/moby/v2/dockerversion.Version", MOBY);
const ofContainerd = versionOf("github.com/containerd/containerd/v2/version.Version", CONTAINERD);

/** Builds the programs of the engine, or finds them in the cache. Gives the folders in which they find each other. */
export async function modernEngine(report: (line: string) => void): Promise<readonly string[]> {
  const seconds = { takes: "some seconds after the others", module, tags };
  const programs: readonly GoProgram[] = [
    {
      ...seconds,
      name: "dockerd",
      version: MOBY,
      package: "github.com/moby/moby/v2/cmd/dockerd",
      ldflags: ofMoby,
      takes: "some three minutes on two cores the first time",
    },
    {
      ...seconds,
      name: "docker-proxy",
      version: MOBY,
      package: "github.com/moby/moby/v2/cmd/docker-proxy",
      ldflags: ofMoby,
    },
    {
      ...seconds,
      name: "containerd",
      version: CONTAINERD,
      package: "github.com/containerd/containerd/v2/cmd/containerd",
      ldflags: ofContainerd,
    },
    {
      ...seconds,
      name: "containerd-shim-runc-v2",
      version: CONTAINERD,
      package: "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
      ldflags: ofContainerd,
    },
    {
      ...seconds,
      name: "runc",
      version: RUNC,
      package: "github.com/opencontainers/runc",
      // Whole in itself: it becomes the first process of containers with other libraries, or none.
      ldflags: "-s -w -extldflags -static",
      c: () => seccomp(report),
    },
  ];
  const settings = readSettings(resolve(import.meta.dirname, ".."), process.env);
  try {
    const folders: string[] = [];
    for (const program of programs) folders.push(dirname((await goProgram(program, settings, report)).file));
    return folders;
  } catch (error) {
    throw new Problem(
      `the modern engine could not be built: ${foundOf(error)}`,
      { command: ["unset", ENGINE_VARIABLE], when: "to use Debian's engine" },
      { cause: error },
    );
  }
}

/**
 * A C compiler for runc, and libseccomp, without which its containers have no filter of system calls: the machine's own,
 * or Debian's, unpacked.
 */
async function seccomp(report: (line: string) => void): Promise<Record<string, string>> {
  const compiler = findOnPath("gcc") ?? findOnPath("cc");
  // Go would ask pkg-config where the library is, which knows nothing of what is unpacked somewhere, or is not there.
  const flags = { CGO_ENABLED: "1", CGO_LDFLAGS: "-lseccomp", PKG_CONFIG: "true" };
  if (compiler === undefined) {
    const root = await fetchPackages(["gcc", "libc6", "libc6-dev", "libgcc-s1", "libseccomp-dev"], report);
    return {
      ...flags,
      CC: `${join(root, "usr/bin/gcc")} --sysroot=${root}`,
      PATH: `${process.env.PATH}:${join(root, "usr/bin")}`,
      LD_LIBRARY_PATH: join(root, "usr/lib", multiarch),
    };
  }
  if (existsSync("/usr/include/seccomp.h")) return { ...flags, CC: compiler };
  const root = await fetchPackages(["libseccomp-dev"], report);
  return {
    ...flags,
    CC: compiler,
    CGO_CFLAGS: `-O2 -I${join(root, "usr/include")}`,
    CGO_LDFLAGS: `-L${join(root, "usr/lib", multiarch)} -lseccomp`,
  };
}
