import { Problem } from "../../lib/problem.ts";
import { splitReference } from "../../lib/reference.ts";
import { type Engine, EngineError, engineAt } from "../engine/client.ts";
import { type EngineImage, findImage, type Identity, identify } from "../engine/images.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { type Ended, startAndWait, withContainer } from "./container.ts";

/** What the probe of an image needs to know. */
export interface Probe {
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Image reference; it must be on the engine already. */
  readonly image: string;
  /** What the lock says of it; undefined where it is not locked. */
  readonly locked?:
    | { readonly digest: string; readonly imageId: string; readonly platform: string }
    | undefined;
  /** Commit, 40 hex digits, that /workspace/repo must be at. */
  readonly baseCommit: string;
  /** What the name of the temporary container begins with. */
  readonly container: string;
  /** The stack that it is of, as `stackIdentity` has it. */
  readonly stack: string;
  /** Time limit of the container, in seconds. */
  readonly timeoutSeconds: number;
  /** Ends the probe, its container removed. Default: never. */
  readonly abort?: AbortSignal;
}

/** What a probe that passed has found. */
export interface ProbeResult {
  readonly image: string;
  /** Id of the image on the engine. */
  readonly imageId: string;
  /** Digest in the registry, as `repository@sha256:…`; empty where the image is not locked and came from none. */
  readonly digest: string;
  /** Operating system and architecture, such as linux/amd64. */
  readonly platform: string;
  /** Commit that /workspace/repo is at. */
  readonly commit: string;
}

/** Label of every probe container; its value is the container's name. */
export const probeLabel = "cooperbench-machine.probe";

// Only a POSIX shell is in all of the benchmark's images: some have no git, some no bash.
const readCommit = `
cd /workspace/repo 2>/dev/null || { echo no-repository; exit; }
[ -e .git/HEAD ] || { echo no-git; exit; }
read -r head < .git/HEAD
case $head in "ref: "*)
  ref=\${head#ref: }
  if [ -e ".git/$ref" ]; then read -r head < ".git/$ref"
  else head=$(while read -r id name; do [ "$name" = "$ref" ] && echo "$id"; done < .git/packed-refs)
  fi
esac
echo "commit $head"`;

/**
 * Looks which image has the reference, and reads, in a temporary container of it, the commit that /workspace/repo is
 * at. The container has no network and no capabilities, and is gone afterwards, however the probe ends.
 *
 * @throws a Problem that names image, reason and remedy.
 */
export async function probe(probe: Probe): Promise<ProbeResult> {
  const engine = engineAt(probe.dockerHost);
  const [image, ended] = await Promise.all([findImage(engine, probe.image), runContainer(engine, probe)]);
  const commit = /^commit (.+)$/m.exec(ended.stdout)?.[1];
  const fault =
    (image && wrongImage(probe, image)) ??
    (ended.code === 0 && commit === probe.baseCommit ? undefined : reason(probe, ended, commit));
  if (image === undefined || commit === undefined || fault !== undefined)
    throw new Problem(`${probe.image} failed its probe: ${fault ?? "the engine does not know it"}`);
  const digest = digestName(probe.image, probe.locked ? [probe.locked.digest] : image.digests);
  return { image: probe.image, imageId: image.id, digest, platform: image.platform ?? "", commit };
}

/** The first of an image's digests with its repository; empty where it has none. */
export function digestName(reference: string, [digest]: readonly string[]): string {
  return digest === undefined ? "" : `${splitReference(reference).repository}@${digest}`;
}

/** What is wrong with the image that has the reference, as the lock has it. */
function wrongImage({ image, locked }: Probe, found: EngineImage): string | undefined {
  if (locked === undefined) return undefined;
  const [digest = "unknown"] = found.digests;
  const faults: Record<Identity, string | undefined> = {
    locked: undefined,
    other: `its tag is at image ${found.id}, the lock has ${locked.digest}; run the update again, which gives the tag back and keeps the other image under a name`,
    half: `it is image ${found.id} with digest ${digest}, and the lock has ${locked.imageId} with ${locked.digest}: one of the lock's two is not this image's; see what the registry has (./machine lock --check), and lock it again where that is right`,
    platform: `it is for ${found.platform}, the lock has ${locked.platform}; see what the registry has (./machine lock --check), and lock it again where that is right, or remove it (docker rmi ${image}) and run the update again`,
  };
  return faults[identify(found, locked)];
}

/** What a container of the image says; code 125 where the engine refuses to make or start one. */
async function runContainer(
  engine: Engine,
  { image, container: prefix, stack, timeoutSeconds, abort }: Probe,
): Promise<Ended> {
  const container = { name: temporaryName(prefix), label: probeLabel, stack };
  const spec = {
    Image: image,
    Entrypoint: ["/bin/sh"],
    Cmd: ["-c", readCommit],
    HostConfig: {
      NetworkMode: "none",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: 64,
    },
  };
  try {
    return await withContainer(engine, container, spec, abort, (made) =>
      startAndWait(made, { timeoutSeconds, keep: 4000 }),
    );
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { code: 125, stdout: "", stderr: error.message };
  }
}

function reason(probe: Probe, { code, stdout, stderr }: Ended, commit: string | undefined): string {
  const pullAgain = `remove it (docker rmi ${probe.image}) and run the update again to pull it anew`;
  if (code === undefined) {
    return `the container did not answer within ${probe.timeoutSeconds} s and was removed; if the engine is only slow, raise probeTimeoutSeconds`;
  }
  if (/No such image/i.test(stderr)) return "the image is not on the engine; run the update again to pull it";
  if (/exec format error/i.test(stderr)) {
    return `it is for another platform than the engine runs (${stderr.trim()}); install emulation (docker run --privileged --rm tonistiigi/binfmt --install all), or use a machine of its platform`;
  }
  if (code !== 0) return `its container ended with ${code}: ${stderr.trim() || "it printed nothing"}`;
  if (stdout.includes("no-repository")) return `it has no /workspace/repo; ${pullAgain}`;
  if (stdout.includes("no-git")) return `its /workspace/repo is no git checkout; ${pullAgain}`;
  return `its /workspace/repo is at commit ${commit ?? "(none)"}, the task's base commit is ${probe.baseCommit}; ${pullAgain}`;
}
