/**
 * The steps of the checkout, cut at each call of git: a `git` on PATH kills the step, as a power cut would, before or
 * after its Nth call, or git itself in the middle. One more step has to end where a machine ends that was never cut.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspectCheckout } from "../../../../../provision/steps/checkout/inspect.ts";
import { lab1 } from "../../../../owners.ts";
import { CheckoutLab, put, treeOf, userGit } from "./lab.ts";

const main = resolve(import.meta.dirname, "../../../../../provision/main.ts");
const realGit = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
const shim = `#!/bin/sh
. "\${0%/*}/cut" # beside it: of this process's variables, git gets those alone that it needs
n=$(($(cat "$CUTS/calls" 2>/dev/null || echo 0) + 1))
echo $n > "$CUTS/calls"
[ "$n$CUT_HOW" = "\${CUT_AT}before" ] && kill -9 $PPID && exit 1
if [ "$n$CUT_HOW" = "\${CUT_AT}middle" ]; then
  ${realGit} "$@" & sleep "$CUT_SECONDS"; kill -9 $!; exit 137
fi
${realGit} "$@"
code=$?
[ "$n$CUT_HOW" = "\${CUT_AT}after" ] && kill -9 $PPID
exit $code
`;

let lab: CheckoutLab;
beforeEach(() => {
  lab = new CheckoutLab();
  put(join(lab.base, "cuts/bin/git"), shim);
  chmodSync(join(lab.base, "cuts/bin/git"), 0o755);
});
afterEach(() => lab.close(), 60_000);

interface Cut {
  readonly at: number;
  readonly how: "before" | "after" | "middle";
  readonly seconds?: number;
}

/** What the last step that ended well gave, as Pulumi's state has it. */
let result = "";

/** Runs a step as Pulumi's command does. Gives how many times it called git. */
function step(verb: "make" | "ensure" | "remove", commit: string, cut?: Cut): number {
  const cuts = join(lab.base, "cuts");
  rmSync(join(cuts, "calls"), { force: true });
  const { at = 0, how = "", seconds = 0 } = cut ?? {};
  put(join(cuts, "bin/cut"), `CUTS='${cuts}' CUT_AT=${at} CUT_HOW=${how} CUT_SECONDS=${seconds}\n`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "checkout", verb], {
    env: {
      ...process.env,
      PATH: `${join(cuts, "bin")}:${process.env.PATH}`,
      COOPERBENCH_MACHINE_REQUEST: JSON.stringify({
        owner: lab1,
        folder: lab.folder,
        repository: lab.repository,
        commit,
      }),
      PULUMI_COMMAND_STDOUT: result,
    },
    encoding: "utf8",
  });
  if (cut === undefined && status !== 0) throw new Error(stderr);
  if (status === 0 && verb !== "remove") result = stdout;
  return existsSync(join(cuts, "calls")) ? Number(readFileSync(join(cuts, "calls"), "utf8")) : 0;
}

/** All that there is of the machine, but what differs from run to run. */
function machine() {
  const isThere = existsSync(lab.folder);
  const { holder: _, past: __, ...marker } = isThere ? lab.marker : {};
  return {
    base: readdirSync(lab.base).filter((name) => name !== "cuts" && name !== "origin"),
    beside: existsSync(join(lab.base, "repos")) ? readdirSync(join(lab.base, "repos")) : [],
    ...(isThere && {
      marker,
      tree: treeOf(lab.folder),
      status: lab.git("status", "--porcelain", "--ignored"),
      head: lab.git("rev-parse", "HEAD"),
      git: readdirSync(join(lab.folder, ".git")).filter((name) => !/^(FETCH_HEAD|ORIG_HEAD)$/.test(name)),
      finding: inspectCheckout(lab.folder) ?? "none",
    }),
  };
}

/** Tries a step, cut before and after each of its calls of git, beside the same step uncut. */
function cutEverywhere(
  verb: "make" | "ensure" | "remove",
  prepare: () => void,
  commit: () => string,
): number {
  const again = () => {
    result = "";
    rmSync(join(lab.base, "repos"), { recursive: true, force: true });
    prepare();
  };
  again();
  const calls = step(verb, commit());
  const uncut = machine();
  for (let at = 1; at <= calls; at++) {
    for (const how of ["before", "after"] as const) {
      again();
      step(verb, commit(), { at, how });
      step(verb, commit());
      expect(machine(), `${verb} cut ${how} call ${at} of ${calls}`).toEqual(uncut);
    }
  }
  return calls;
}

const limit = 300_000;

test(
  "a clone, at a commit that the repository's branches have no more",
  () => {
    const gone = lab.second;
    userGit(lab.repository, "reset", "--quiet", "--hard", lab.first);
    userGit(lab.repository, "config", "uploadpack.allowAnySHA1InWant", "true");
    expect(
      cutEverywhere(
        "make",
        () => {},
        () => gone,
      ),
    ).toBeGreaterThanOrEqual(5);
  },
  limit,
);

describe("of a checkout that is there", () => {
  let made = "";
  /** One that is quick to have again. */
  const prepared = () => {
    const kept = join(lab.base, "cuts", "kept");
    if (!existsSync(kept)) {
      step("make", lab.first);
      execFileSync("cp", ["-a", join(lab.base, "repos"), kept]);
      made = result;
    }
    result = made;
    rmSync(join(lab.base, "repos"), { recursive: true, force: true });
    execFileSync("cp", ["-a", kept, join(lab.base, "repos")]);
  };

  test(
    "a move",
    () => {
      expect(cutEverywhere("ensure", prepared, () => lab.second)).toBeGreaterThanOrEqual(8);
    },
    limit,
  );

  test(
    "a removal",
    () => {
      expect(cutEverywhere("remove", prepared, () => lab.first)).toBeGreaterThanOrEqual(6);
    },
    limit,
  );
});

test(
  "git that is killed in the middle of a clone, and of a move of many files",
  () => {
    mkdirSync(join(lab.repository, "dataset/many"));
    const commits = [1, 2].map((round) => {
      for (let index = 0; index < 400; index++)
        writeFileSync(join(lab.repository, `dataset/many/${index}`), `${round} ${index}\n`.repeat(100));
      return lab.commit(`many ${round}`);
    });
    const [first = "", second = ""] = commits;
    for (const seconds of [0.01, 0.04]) {
      const calls = { clone: 1, checkout: 3 };
      for (const at of Object.values(calls)) {
        rmSync(join(lab.base, "repos"), { recursive: true, force: true });
        step("make", first, { at, how: "middle", seconds });
        step("make", first);
        expect(machine(), `clone, ${seconds} s into call ${at}`).toMatchObject({
          status: "",
          head: first,
          finding: "none",
        });
      }
    }
    const ofMove = step("ensure", second);
    const uncut = machine();
    for (const seconds of [0.01, 0.02, 0.04]) {
      step("ensure", first);
      // The last call of a move is the checkout.
      step("ensure", second, { at: ofMove, how: "middle", seconds });
      step("ensure", second);
      expect(machine(), `move, ${seconds} s into its checkout`).toEqual(uncut);
    }
  },
  limit,
);
