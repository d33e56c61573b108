import { Problem } from "./problem.ts";
import { run } from "./run.ts";

/** What the probe of an image needs to know. */
export interface Probe {
  /** Image reference; it must be on the engine already. */
  readonly image: string;
  /** Commit, 40 hex digits, that /workspace/repo must be at. */
  readonly baseCommit: string;
  /** Name of the temporary container; a leftover of this name is removed first. */
  readonly container: string;
  /** Time limit of the container, in seconds. */
  readonly timeoutSeconds: number;
}

/** What a probe that passed has found. */
export interface ProbeResult {
  readonly image: string;
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
 * Runs a temporary container of the image and reads the commit that /workspace/repo is at. The container has no
 * network and no capabilities, and is gone afterwards, however the probe ends.
 *
 * @throws a Problem that names image, reason and remedy.
 */
export async function probe(probe: Probe): Promise<ProbeResult> {
  const remove = () => run("docker", ["rm", "--force", "--volumes", probe.container]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => remove().finally(() => process.exit(130)));
  }
  let result = await runContainer(probe);
  if (/is already in use by container/.test(result.stderr) && (await isLeftover(probe.container))) {
    await remove();
    result = await runContainer(probe);
  }
  if (result.code !== 0) await remove();

  const commit = /^commit (.+)$/m.exec(result.stdout)?.[1];
  if (result.code === 0 && commit === probe.baseCommit) return { image: probe.image, commit };
  throw new Problem(`${probe.image} failed its probe: ${reason(probe, result, commit)}`);
}

function runContainer({ image, container, timeoutSeconds }: Probe) {
  const isolation = [
    "--network=none",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=64",
  ];
  const identity = ["--name", container, "--label", `${probeLabel}=${container}`];
  const command = ["--entrypoint", "/bin/sh", image, "-c", readCommit];
  return run("docker", ["run", "--rm", "--pull=never", ...identity, ...isolation, ...command], {
    timeoutSeconds,
    keep: 4000,
  });
}

async function isLeftover(container: string): Promise<boolean> {
  const label = await run("docker", [
    "inspect",
    "--format",
    `{{index .Config.Labels "${probeLabel}"}}`,
    container,
  ]);
  return label.stdout.trim() === container;
}

type Result = Awaited<ReturnType<typeof run>>;

function reason(probe: Probe, result: Result, commit: string | undefined): string {
  const pullAgain = `remove it (docker rmi ${probe.image}) and run the update again to pull it anew`;
  if (result.timedOut) {
    return `the container did not answer within ${probe.timeoutSeconds} s and was removed; if the engine is only slow, raise probeTimeoutSeconds`;
  }
  if (/No such image/i.test(result.stderr))
    return "the image is not on the engine; run the update again to pull it";
  if (result.code !== 0) {
    return `docker run ended with ${result.code ?? "a signal"}: ${result.stderr.trim() || "it printed nothing"}`;
  }
  if (result.stdout.includes("no-repository")) return `it has no /workspace/repo; ${pullAgain}`;
  if (result.stdout.includes("no-git")) return `its /workspace/repo is no git checkout; ${pullAgain}`;
  return `its /workspace/repo is at commit ${commit ?? "(none)"}, the task's base commit is ${probe.baseCommit}; ${pullAgain}`;
}
