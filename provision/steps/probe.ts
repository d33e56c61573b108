import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withoutControls } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { splitReference } from "../../lib/reference.ts";
import { type Fault, machine, type Remedies } from "../../lib/remedy.ts";
import { type Engine, EngineError, engineAt } from "../engine/client.ts";
import { dockerAt } from "../engine/docker-command.ts";
import { type EngineImage, findImage, type Identity, identify } from "../engine/images.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { pullAgain } from "../remedies.ts";
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
  /** Digest in the registry, as `repository@sha256:…`; empty where the engine knows none. */
  readonly digest: string;
  /** Operating system and architecture, such as linux/amd64. */
  readonly platform: string;
  /** Commit that /workspace/repo is at. */
  readonly commit: string;
  /** Id that git gives the image's runner.sh as a file. */
  readonly runner: string;
  /** Files of /workspace/repo that differ from the commit, or that it does not have. */
  readonly changedFiles: number;
  /** Programs of the image's PATH that an agent's login shell does not find; the first 50. */
  readonly lostPrograms: readonly string[];
}

/** Label of every probe container; its value is the container's name. */
export const probeLabel = "cooperbench-machine.probe";

/** What is done in a container of the image. */
const script = readFileSync(join(import.meta.dirname, "probe.sh"), "utf8");

/** What an agent and an evaluation may do in /workspace/repo, whoever owns its files; nothing else is given. */
const CAPABILITIES = ["DAC_OVERRIDE", "FOWNER", "CHOWN"];

/**
 * Looks which image has the reference, and does in a temporary container of it what an agent of CooperBench and an
 * evaluation begin with. The container has no network, and is gone afterwards, however the probe ends.
 *
 * @throws a Problem that names image, reason and remedies.
 */
export async function probe(probe: Probe): Promise<ProbeResult> {
  const engine = engineAt(probe.dockerHost);
  const [image, ended] = await Promise.all([findImage(engine, probe.image), runContainer(engine, probe)]);
  const facts = factsOf(ended.stdout);
  const fault = (image && wrongImage(probe, image)) ?? reason(probe, ended, facts);
  if (image === undefined || fault !== undefined)
    throw failure(
      probe.image,
      fault ?? { found: "the engine does not know it", remedies: machine("up", "STACK") },
    );
  return {
    image: probe.image,
    imageId: image.id,
    digest: digestName(probe.image, digestsOf(image, probe.locked)),
    platform: image.platform ?? "",
    commit: facts.get("commit") ?? "",
    runner: facts.get("runner") ?? "",
    changedFiles: Number(facts.get("changed")),
    lostPrograms: (facts.get("lost") ?? "").split(" ").filter((name) => name !== ""),
  };
}

function failure(image: string, { found, remedies }: Fault): Problem {
  return new Problem(`${image} failed its probe: ${found}`, remedies);
}

/** What the script has told, by name. */
function factsOf(stdout: string): ReadonlyMap<string, string> {
  const lines = stdout.matchAll(/^probe (\S+) ?(.*)$/gm);
  return new Map([...lines].map(([, name = "", value = ""]) => [name, value]));
}

/** The digests that the engine knows of an image; of a locked one that of the lock, where the engine knows it. */
function digestsOf({ id, digests }: EngineImage, locked: Probe["locked"]): readonly string[] {
  return locked === undefined ? digests : [id, ...digests].filter((digest) => digest === locked.digest);
}

/** The first of an image's digests with its repository; empty where it has none. */
export function digestName(reference: string, [digest]: readonly string[]): string {
  return digest === undefined ? "" : `${splitReference(reference).repository}@${digest}`;
}

/** What is wrong with the image that has the reference, as the lock has it. */
function wrongImage({ image, locked, dockerHost }: Probe, found: EngineImage): Fault | undefined {
  if (locked === undefined) return undefined;
  const [digest = "unknown"] = found.digests;
  const seeLock = {
    ...machine("lock", "--check"),
    when: "to see what the registry has; lock that if it is right",
  };
  const faults: Record<Identity, Fault | undefined> = {
    locked: undefined,
    other: {
      found: `its tag is at image ${found.id}, the lock has ${locked.digest}`,
      remedies: {
        ...machine("up", "STACK"),
        when: "to give the tag back; the other image is kept under a name",
      },
    },
    half: {
      found: `it is image ${found.id} with digest ${digest}, but the lock has ${locked.imageId} with ${locked.digest}: one of the two in the lock is wrong for this image`,
      remedies: seeLock,
    },
    platform: {
      found: `it is for ${found.platform}, the lock has ${locked.platform}`,
      remedies: [seeLock, pullAgain(image, dockerHost)],
    },
  };
  return faults[identify(found, locked)];
}

/** What a container of the image says; code 125 where the engine refuses to make or start one. */
async function runContainer(
  engine: Engine,
  { image, baseCommit, container: prefix, stack, timeoutSeconds, abort }: Probe,
): Promise<Ended> {
  const container = { name: temporaryName(prefix), label: probeLabel, stack };
  const spec = {
    Image: image,
    // As an agent's container is started, which then runs its commands in login shells.
    Entrypoint: ["/bin/bash"],
    Cmd: ["-c", script, "probe", baseCommit],
    WorkingDir: "/workspace/repo",
    HostConfig: {
      NetworkMode: "none",
      CapDrop: ["ALL"],
      CapAdd: CAPABILITIES,
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: 64,
    },
  };
  try {
    return await withContainer(engine, container, spec, abort, (made) =>
      startAndWait(made, { timeoutSeconds, keep: 16_000 }),
    );
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { code: 125, stdout: "", stderr: error.message };
  }
}

/** What is wrong with what is in the image, and what helps; undefined where nothing is. */
function reason(
  probe: Probe,
  { code, stderr }: Ended,
  facts: ReadonlyMap<string, string>,
): Fault | undefined {
  if (code === undefined)
    return {
      found: `the container did not answer within ${probe.timeoutSeconds} s and was removed`,
      remedies: {
        ...machine("set", "STACK", "probeTimeoutSeconds", String(2 * probe.timeoutSeconds)),
        when: "if the engine is just slow",
      },
    };
  if (/No such image/i.test(stderr))
    return { found: "the image is not on the engine", remedies: machine("up", "STACK") };
  if (/exec format error/i.test(stderr))
    return {
      found: `it is for a platform that the engine does not run (${stderr.trim()})`,
      remedies: [
        {
          command: dockerAt(
            probe.dockerHost,
            ...["run", "--privileged", "--rm", "tonistiigi/binfmt", "--install", "all"],
          ),
          when: "to install emulation",
        },
        { advice: "use a machine of its platform" },
      ],
    };
  const found = faultIn(probe, facts) ?? brokenOff(code, stderr, facts);
  return found === undefined ? undefined : { found, remedies: remedyOf(probe) };
}

/** What is wrong where the script has found nothing. */
function brokenOff(code: number, stderr: string, facts: ReadonlyMap<string, string>): string | undefined {
  if (/exec: "?\/bin\/bash"?: .*(no such file|not found)/i.test(stderr))
    return "it has no /bin/bash, which starts an agent";
  if (code !== 0)
    return `its container ended with ${code}: ${withoutControls(stderr).trim() || "it printed nothing"}`;
  return facts.has("end") ? undefined : "its container ended before its end";
}

/** What the script has found to be wrong. */
function faultIn({ baseCommit }: Probe, facts: ReadonlyMap<string, string>): string | undefined {
  const [, kind = "", said = ""] =
    /^(\S+) ?(.*)$/.exec(withoutControls(facts.get("fault") ?? "").trim()) ?? [];
  const words: Readonly<Record<string, string>> = {
    "no-repository": "it has no /workspace/repo",
    "no-git": "its /workspace/repo is not a git checkout",
    "no-program": `its PATH has no ${said}, which CooperBench starts by name`,
    "not-writable": `its user cannot write in ${said}, where CooperBench puts patches`,
    "no-runner": "it has no /usr/local/bin/runner.sh that its user can read",
    "no-files": "its /workspace/repo has none of the files of its commit",
    noise: `its login shell prints text of its own, which agents mistake for git's answers (${said})`,
    commit: `its /workspace/repo is at commit ${said || "(none)"}, the task's base commit is ${baseCommit}`,
    git: `git fails in its /workspace/repo at what an agent does first (${said || "it printed nothing"})`,
    gh: `the program that an agent submits with cannot be put into /usr/local/bin (${said})`,
  };
  return words[kind];
}

/** What helps where an image is wrong: where it is the one that the lock names, another pull gives the same. */
function remedyOf({ image, locked, dockerHost }: Probe): Remedies {
  if (locked === undefined) return pullAgain(image, dockerHost);
  return [
    {
      ...machine("lock", "--check"),
      when: `it is the image of the lock, ${locked.digest}; to see what the registry has now`,
    },
    { ...machine("set", "STACK", "imagesLock", "FILE"), when: "to use the lock of another version" },
  ];
}
