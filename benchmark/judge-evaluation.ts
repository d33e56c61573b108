import { machine, type Remedies } from "../lib/remedy.ts";
import { causeOf, firstLine } from "./causes.ts";
import type { Finding } from "./judge.ts";
import { look } from "./judge-agent.ts";
import type { Evaluation, FeatureEvaluation } from "./read-evaluation.ts";
import type { PairResult } from "./read-run.ts";
import { fewerEvaluations, freeDisk, lookAtKernel, pullAgain } from "./run-remedies.ts";

interface Trouble {
  /** Exit codes that say it by themselves. */
  readonly codes?: readonly number[];
  /** What it leaves in a runner's output; nothing where the code alone says it. */
  readonly matches?: RegExp;
  readonly reason: string;
  readonly remedies: Remedies;
}

const quiet = { advice: "evaluate it with nothing else running (-c 1)" };

const slowTests = {
  advice: `${quiet.advice}; if it takes that long there too, the tests do not end with this patch`,
};

/** What ends an evaluation on a machine, and says nothing of the model. */
const troubles: readonly Trouble[] = [
  {
    codes: [-1],
    matches: /^Command timed out after \d+ seconds$/,
    reason: "its tests did not end in the time that CooperBench gives them",
    remedies: slowTests,
  },
  {
    codes: [124],
    reason: "its tests did not end in the time that their runner gives them",
    remedies: slowTests,
  },
  {
    codes: [125, 126, 127],
    matches:
      /OCI runtime exec failed|^(bash: )?\S*runner\.sh(: line \d+)?: .*(command not found|No such file or directory|Permission denied)$/m,
    reason: "the container could not run what its tests need",
    remedies: pullAgain,
  },
  {
    codes: [137],
    matches:
      /runner\.sh: line \d+: +\d+ Killed|^Killed$|signal: (killed|9, SIGKILL)|JavaScript heap out of memory|Cannot allocate memory/im,
    reason: "its tests were killed, as where memory runs out",
    remedies: [lookAtKernel, fewerEvaluations],
  },
  {
    codes: [130, 143],
    reason: "its tests were stopped",
    remedies: quiet,
  },
  {
    matches: /No space left on device|ENOSPC|Disk quota exceeded/i,
    reason: "the disk was full",
    remedies: freeDisk,
  },
  {
    matches: /Read-only file system|Input\/output error/,
    reason: "the disk could not be written or read",
    remedies: lookAtKernel,
  },
  {
    matches: /fork: (retry: )?Resource temporarily unavailable|EMFILE|Too many open files/,
    reason: "the kernel had no more processes or open files to give",
    remedies: [fewerEvaluations, { command: ["ulimit", "-a"], when: "to see the limits of this shell" }],
  },
  {
    matches:
      /Temporary failure in name resolution|Name or service not known|Could not resolve host|EAI_AGAIN|ENOTFOUND|dns error|dial tcp.*no such host|Network is unreachable|Failed to establish a new connection|ETIMEDOUT|ECONNRE(SET|FUSED)|error sending request for url/i,
    reason: "its runner had no network for the packages that it installs",
    remedies: { ...machine("doctor", "STACK"), when: "to check network and proxy of the containers" },
  },
  {
    matches: /Error response from daemon|No such container/,
    reason: "its container was gone",
    remedies: lookAtKernel,
  },
];

/** What ends an evaluation by the patch itself: it does not apply, does not compile, cannot be imported. */
const patchs =
  /No valid patches in input|corrupt patch|patch (failed|does not apply)|already exists in (working directory|index)|does not exist in index|Failed to apply (feature|test) patch|cannot apply binary patch|patch fragment without header|with conflicts\.$|error(\[E\d+\])?: .*\n *--> |could not compile `|\[build failed\]|error TS\d+|Test suite failed to run|(Syntax|Indentation|Tab)Error: |ImportError while loading conftest|error: metadata-generation-failed/m;

/** Bytes that a patch may have: CooperBench hands it over encoded, as one argument, which Linux ends at 128 KiB. */
const mostPatchBytes = ((128 * 1024) / 4) * 3 - 64;

/** What is wrong with a pair's evaluation; nothing where its outcome is the work of the agents, or there is none. */
export function evaluationFindings(pair: PairResult): readonly Finding[] {
  const { evaluation } = pair;
  if (evaluation === undefined) return [];
  const { fault, error, passed, features, patchBytes } = evaluation;
  if (fault !== "") return [{ kind: "evaluation", reason: fault }];
  const unknown = (reason: string): readonly Finding[] => [
    { kind: "unknown", reason, remedies: look(pair, "eval.json") },
  ];
  if (error !== "") {
    if (/^Failed to write \w+\.patch/.test(error) && patchBytes > mostPatchBytes)
      return unknown(
        `a patch of ${patchBytes} bytes is more than CooperBench can evaluate, on any machine: it counts the pair neither as passed nor as failed`,
      );
    const { reason, remedies } = causeOf(error) ?? {};
    const said = reason === undefined ? firstLine(error) : `${reason} (${firstLine(error)})`;
    return [{ kind: "evaluation", reason: said, ...(remedies && { remedies }) }];
  }
  if (passed !== features.every((feature) => feature.passed))
    return unknown("its evaluation says another thing of the pair than of its features");
  return features.flatMap((feature) => findingOf(feature, evaluation, pair) ?? []);
}

function findingOf(tests: FeatureEvaluation, { merge }: Evaluation, pair: PairResult): Finding | undefined {
  const { feature, passed, exitCode, counted, output } = tests;
  const unknown = (reason: string): Finding => ({
    kind: "unknown",
    reason: `feature ${feature}: ${reason}`,
    remedies: look(pair, "eval.json"),
  });
  if (passed)
    return counted.passed > 0 && (exitCode ?? 0) === 0
      ? undefined
      : unknown(`it is said to have passed, with exit code ${exitCode} and ${counted.passed} tests passed`);
  if (exitCode === null && output === "")
    return merge === "conflicts" || merge === "missing_input"
      ? undefined // two patches that do not go together, or one that does not apply
      : unknown("its tests were not run, and nothing says why");

  const trouble = troubleOf(tests);
  if (trouble !== undefined) {
    const { reason, remedies, isCode } = trouble;
    const said = `feature ${feature}: ${reason}`;
    // Words may be what a test is about, where others ran.
    if (!isCode && counted.passed > 0)
      return unknown(`${counted.passed} tests passed, and the output has words of this: ${reason}`);
    return { kind: "evaluation", reason: said, remedies };
  }
  if (exitCode != null && exitCode > 128) return unknown(`its tests were ended by signal ${exitCode - 128}`);
  if (exitCode === 0) return unknown("its tests ended with 0, and CooperBench counts none that passed");
  if (counted.passed > 0 || counted.failed > 0 || lastOf(patchs, output) >= 0) return undefined;
  const code = exitCode === undefined ? "" : ` with ${exitCode}`;
  return unknown(`its runner ended${code} before a test, and its output does not tell why`);
}

/** The runner ends at the first command that fails, so the last trouble in its output is what ended it. */
function troubleOf({
  exitCode,
  output,
}: FeatureEvaluation): (Trouble & { readonly isCode: boolean }) | undefined {
  const coded = troubles.find(({ codes }) => exitCode != null && codes?.includes(exitCode));
  if (coded !== undefined) return { ...coded, isCode: true };
  const text = output.trim();
  const found = troubles
    .map((trouble) => ({ trouble, at: trouble.matches ? lastOf(trouble.matches, text) : -1 }))
    .filter(({ at }) => at > lastOf(patchs, text))
    .sort((a, b) => b.at - a.at)[0];
  return found && { ...found.trouble, isCode: /^Command timed out/.test(text) };
}

/** Where a pattern is found last; -1 where it is not. */
function lastOf(pattern: RegExp, text: string): number {
  return [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))].at(-1)?.index ?? -1;
}
