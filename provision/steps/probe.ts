import { type Environment, environmentFor } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { type RunResult, run } from "../../lib/run.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { identityOptions, runWithContainer } from "./container.ts";

/** What the probe of an image needs to know. */
export interface Probe {
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
  /** Variables of docker's client, on top of this process's. Default: none. */
  readonly env?: Environment;
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
  const [image, result] = await Promise.all([inspectImage(probe.image, probe.env), runContainer(probe)]);
  const commit = /^commit (.+)$/m.exec(result.stdout)?.[1];
  const fault =
    (image && wrongImage(probe, image)) ??
    (result.code === 0 && commit === probe.baseCommit ? undefined : reason(probe, result, commit));
  if (image === undefined || commit === undefined || fault !== undefined)
    throw new Problem(`${probe.image} failed its probe: ${fault ?? "the engine does not know it"}`);
  const digest = probe.locked
    ? `${repositoryOf(probe.image)}@${probe.locked.digest}`
    : (image.digests[0] ?? "");
  return { image: probe.image, imageId: image.id, digest, platform: image.platform, commit };
}

/** An image as the engine has it. */
export interface FoundImage {
  readonly id: string;
  readonly digests: readonly string[];
  readonly platform: string;
}

/** What the engine has under a reference; undefined for nothing. */
export async function inspectImage(
  image: string,
  env: Environment = process.env,
): Promise<FoundImage | undefined> {
  const format = '{"id":{{json .Id}},"digests":{{json .RepoDigests}},"platform":"{{.Os}}/{{.Architecture}}"}';
  const { code, stdout } = await run("docker", ["image", "inspect", "--format", format, image], {
    env: environmentFor("docker", env),
  });
  if (code !== 0) return undefined;
  const found = JSON.parse(stdout) as FoundImage;
  return { ...found, digests: found.digests ?? [] };
}

function repositoryOf(image: string): string {
  return image.slice(0, image.lastIndexOf(":"));
}

/** What is wrong with the image that has the reference, as the lock has it. */
function wrongImage({ locked }: Probe, image: FoundImage): string | undefined {
  if (locked === undefined) return undefined;
  const ids = [image.id, ...image.digests.map((digest) => digest.slice(digest.indexOf("@") + 1))];
  if (!ids.includes(locked.imageId) && !ids.includes(locked.digest)) {
    return `its tag is at image ${image.id}, the lock has ${locked.digest}; run the update again, which gives the tag back and keeps the other image under a name`;
  }
  // A lock may name a variant, such as linux/arm/v7, which an engine tells elsewhere.
  if (!`${locked.platform}/`.startsWith(`${image.platform}/`))
    return `it is for ${image.platform}, the lock has ${locked.platform}; see what the registry has (./machine lock --check), and lock it anew where that is right`;
  return undefined;
}

function runContainer({
  image,
  container: prefix,
  stack,
  env,
  timeoutSeconds,
  abort,
}: Probe): Promise<RunResult> {
  const isolation = [
    "--network=none",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=64",
  ];
  const container = { name: temporaryName(prefix), label: probeLabel, stack, env };
  const command = ["--entrypoint", "/bin/sh", image, "-c", readCommit];
  const args = ["run", "--rm", "--pull=never", ...identityOptions(container), ...isolation, ...command];
  return runWithContainer("docker", args, {
    ...{ env: environmentFor("docker", env), keep: 4000 },
    ...{ container, timeoutSeconds, abort },
  });
}

function reason(probe: Probe, result: RunResult, commit: string | undefined): string {
  const pullAgain = `remove it (docker rmi ${probe.image}) and run the update again to pull it anew`;
  if (result.timedOut) {
    return `the container did not answer within ${probe.timeoutSeconds} s and was removed; if the engine is only slow, raise probeTimeoutSeconds`;
  }
  if (/No such image/i.test(result.stderr))
    return "the image is not on the engine; run the update again to pull it";
  if (/exec format error/i.test(result.stderr)) {
    return `it is for another platform than the engine runs (${result.stderr.trim()}); install emulation (docker run --privileged --rm tonistiigi/binfmt --install all), or use a machine of its platform`;
  }
  if (result.code !== 0) {
    return `docker run ended with ${result.code ?? "a signal"}: ${result.stderr.trim() || "it printed nothing"}`;
  }
  if (result.stdout.includes("no-repository")) return `it has no /workspace/repo; ${pullAgain}`;
  if (result.stdout.includes("no-git")) return `its /workspace/repo is no git checkout; ${pullAgain}`;
  return `its /workspace/repo is at commit ${commit ?? "(none)"}, the task's base commit is ${probe.baseCommit}; ${pullAgain}`;
}
