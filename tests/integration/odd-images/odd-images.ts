/** Images in which a run of CooperBench cannot work, or works though they look odd, over a task's stand-in. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What is done to a stand-in in a container of it, as root. */
export interface OddImage {
  /** Lines of POSIX shell. Default: none. */
  readonly does?: string;
  /** Instructions of a Dockerfile. Default: none. */
  readonly changes?: readonly string[];
  /** Whether CooperBench gets through, and proves nothing: its tests pass without a patch as well. Default: false. */
  readonly provesNothing?: true;
}

const repo = "cd /workspace/repo";
const runner = (...lines: readonly string[]) =>
  `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} >/usr/local/bin/runner.sh`;
/** A change to the good runner's last line, `sh tests/run.sh`. */
const ending = (line: string) =>
  `sed -i 's#^sh tests/run.sh$#${line.replaceAll("&", "\\&")}#' /usr/local/bin/runner.sh`;
/** Whether tests are run for the first time in a container, or not. */
const at = (time: "first" | "second") =>
  time === "first"
    ? "[ -e /tmp/tested ] || ! touch /tmp/tested"
    : "[ ! -e /tmp/tested ] && touch /tmp/tested";

/** A few of each kind: what npm test tries. */
export const fewOddImages: Readonly<Record<string, OddImage>> = {
  good: {},
  "no bash": { does: "rm /bin/bash" },
  "no git": { does: "rm /usr/bin/git" },
  "another owner": { does: "chown -R 1000:1000 /workspace" },
  "no objects": { does: "rm -r /workspace/repo/.git/objects" },
  "a left index.lock": { does: "touch /workspace/repo/.git/index.lock" },
  "nothing but .git": { does: `${repo} && rm -rf README.md commands.sh tests` },
  "a runner that counts nothing": { does: ending("sh tests/run.sh >/dev/null") },
  "a runner that fails at first": { does: ending(`${at("first")} || exit 1; sh tests/run.sh`) },
  "an entrypoint of another kind": {
    does: "printf '#!/bin/sh\\nif [ $# -gt 1 ]; then exit 0; else exit 1; fi\\n' >/fake.sh; chmod 755 /fake.sh",
    changes: ['ENTRYPOINT ["/fake.sh"]'],
  },
  "no entrypoint": { changes: ["ENTRYPOINT []", "CMD []"] },
  "a runner without x": { does: "chmod 644 /usr/local/bin/runner.sh" },
  "a dirty tree": { does: `${repo} && echo '# dirty' >>README.md && echo x >untracked` },
};

/** The whole table. */
export const oddImages: Readonly<Record<string, OddImage>> = {
  ...fewOddImages,
  "another user": {
    does: "echo u:x:1000:1000::/tmp:/bin/sh >>/etc/passwd",
    changes: ["USER 1000"],
  },
  "another user who owns all": {
    does: "echo u:x:1000:1000::/tmp:/bin/sh >>/etc/passwd; chown -R 1000:1000 /workspace /usr/local/bin",
    changes: ["USER 1000"],
  },
  "another user with patches": {
    does: "echo u:x:1000:1000::/tmp:/bin/sh >>/etc/passwd; mkdir /patches; chown -R 1000:1000 /workspace /usr/local/bin /patches",
    changes: ["USER 1000"],
  },
  GIT_DIR: { changes: ["ENV GIT_DIR=/nowhere"] },
  "GIT_DIR of the repository": { changes: ["ENV GIT_DIR=/workspace/repo/.git"] },
  GIT_WORK_TREE: { changes: ["ENV GIT_WORK_TREE=/tmp"] },
  "no sleep": { does: "rm /bin/sleep" },
  "sleep without infinity": {
    does: 'rm /bin/sleep; printf \'#!/bin/sh\\n[ "$1" = infinity ] && exit 1\\nexec busybox sleep "$@"\\n\' >/bin/sleep; chmod 755 /bin/sleep',
  },
  "no mkdir": { does: "rm /bin/mkdir" },
  "no base64": { does: "rm /bin/base64" },
  "no cp": { does: "rm /bin/cp" },
  "no cat": { does: "rm /bin/cat" },
  "no test": { does: "rm /bin/test" },
  "an odd PATH": { changes: ["ENV PATH=/nowhere"] },
  "a PATH that the login shell mends": {
    does: "mkdir -p /etc; echo 'PATH=/usr/local/bin:/usr/bin:/bin' >/etc/profile",
    changes: ["ENV PATH=/nowhere"],
  },
  "a PATH that the login shell loses": { does: "echo 'PATH=/nowhere; export PATH' >/etc/profile" },
  "a program that the login shell loses": {
    does: "echo 'PATH=/usr/local/bin:/usr/bin:/bin' >/etc/profile; mkdir /extra; cp /bin/busybox /extra/cargo",
    changes: ["ENV PATH=/extra:/usr/local/bin:/usr/bin:/bin"],
  },
  "a PATH of the login shell without /usr/local/bin": { does: "echo 'PATH=/usr/bin:/bin' >/etc/profile" },
  "a login shell that greets": { does: "echo 'echo Welcome' >/etc/profile" },
  "a login shell that greets on standard error": { does: "echo 'echo Welcome >&2' >/etc/profile" },
  "a login shell that goes elsewhere": { does: "echo 'cd /tmp' >/etc/profile" },
  "a login shell that ends": { does: "echo 'exit 0' >/etc/profile" },
  "a change that the gold patch meets": {
    does: `${repo} && sed -i 's/is not written/was not there/' commands.sh`,
  },
  "an untracked file in the gold patch's way": { does: `${repo} && echo x >tests/feature1.test.sh` },
  "a deleted file of the gold patch": { does: `${repo} && rm commands.sh` },
  "no index": { does: `${repo} && rm .git/index` },
  "a broken index": { does: `${repo} && echo broken >.git/index` },
  "another commit": {
    does: `${repo} && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m other`,
  },
  "a branch": { does: `${repo} && git checkout -q -b work` },
  "a branch of an agent's name": { does: `${repo} && git branch agent1` },
  "a branch that is in the way of agents'": { does: `${repo} && git branch agent1/x && git branch agent2/x` },
  "a remote": { does: `${repo} && git remote add origin https://example.com/x.git` },
  "a configuration that may not be written": { does: `${repo} && touch .git/config.lock` },
  "hooks that refuse": {
    does: `${repo} && mkdir -p .git/hooks && printf '#!/bin/sh\\nexit 1\\n' >.git/hooks/pre-commit && chmod 755 .git/hooks/pre-commit`,
  },
  "hooks that refuse a push": {
    does: `${repo} && mkdir -p .git/hooks && printf '#!/bin/sh\\nexit 1\\n' >.git/hooks/pre-push && chmod 755 .git/hooks/pre-push`,
  },
  "no /usr/local/bin/runner.sh": { does: "rm /usr/local/bin/runner.sh" },
  "no /tmp": { does: "rmdir /tmp" },
  "a /tmp that is a file": { does: "rmdir /tmp && touch /tmp" },
  "a /patches that is a file": { does: "touch /patches" },
  "no repository": { does: "rm -r /workspace/repo" },
  "no git repository": { does: "rm -r /workspace/repo/.git" },
  "a repository that is a file": { does: "rm -r /workspace/repo && touch /workspace/repo" },
  "an entrypoint that hangs": { changes: ['ENTRYPOINT ["/bin/sleep", "3600"]'] },
  "an entrypoint that is not there": { changes: ['ENTRYPOINT ["/nowhere"]'] },
  "a silent runner": { does: runner("exit 0") },
  "an endless runner": { does: runner("sleep 3600") },
  "a runner that always passes": { does: runner('echo "3 passed, 0 failed"'), provesNothing: true },
  "a runner that always fails": { does: runner('echo "0 passed, 3 failed"', "exit 1") },
  "a runner that counts and fails": { does: ending("sh tests/run.sh; exit 1") },
  "a runner whose tests fail at first": {
    does: ending(`${at("first")} || { echo "1 failed"; exit 1; }; sh tests/run.sh`),
  },
  "a runner that fails from the second time on": {
    does: ending(`${at("second")} || exit 1; sh tests/run.sh`),
  },
  "a runner whose tests fail from the second time on": {
    does: ending(`${at("second")} || { echo "1 failed"; exit 1; }; sh tests/run.sh`),
  },
  "a runner with CRLF": { does: "sed -i 's/$/\\r/' /usr/local/bin/runner.sh" },
  "a runner whose program is not there": { does: ending("nowhere") },
  "a runner that is a link": {
    does: "mv /usr/local/bin/runner.sh /runner; ln -s /runner /usr/local/bin/runner.sh",
  },
  "a runner that is killed": { does: ending("kill -9 $$") },
  "a runner of another version": { does: "echo '# of another version' >>/usr/local/bin/runner.sh" },
  "a runner that may not be read": { does: "chmod 0 /usr/local/bin/runner.sh" },
};

const docker = promisify(execFile);

/** Makes them on an engine, of a task's stand-in that is there. Gives the reference of each. */
export async function makeOddImages(
  client: string,
  env: Readonly<Record<string, string | undefined>>,
  base: string,
  images: Readonly<Record<string, OddImage>>,
): Promise<ReadonlyMap<string, string>> {
  const run = (...args: readonly string[]) => docker(client, args, { env: env as NodeJS.ProcessEnv });
  const made = new Map<string, string>();
  for (const [name, { does = "true", changes = [] }] of Object.entries(images)) {
    const tag = `odd/x:${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}`;
    const container = `odd-${process.pid}-${made.size}`;
    const script = `set -e\n${does}`;
    await run("run", "--name", container, "--entrypoint", "/bin/busybox", base, "sh", "-c", script);
    const all = ['ENTRYPOINT ["/usr/local/bin/runner.sh"]', "CMD []", ...changes];
    await run("commit", ...all.flatMap((change) => ["--change", change]), container, tag);
    await run("rm", container);
    made.set(name, tag);
  }
  return made;
}
