import { Problem } from "../provision/problem.ts";
import { rehearsalAt } from "../rehearsal/rehearsal.ts";
import { pulumi, quietPulumi } from "./pulumi.ts";
import { stopUnlessUsed } from "./rehearsal.ts";
import { openUnchecked, projectDir } from "./session.ts";
import { ensureStack } from "./stack.ts";
import { announceDestroy, isWhole, sweepStack } from "./whole-stack.ts";

interface ListedStack {
  readonly name: string;
  readonly resourceCount?: number;
}

/** `./machine destroy STACK`: removes what the stack made, and a rehearsal that no other stack uses. */
export async function destroy(stack: string, options: readonly string[]): Promise<number> {
  const { toolchain, isRehearsal } = await openUnchecked(stack);
  await ensureStack(toolchain.pulumi, stack);
  if (isWhole(options)) announceDestroy(stack);
  const code = await pulumi(
    toolchain.pulumi,
    ["destroy", "--yes", "--skip-preview", "--stack", stack, ...options],
    true,
  );
  if (code === 0 && isWhole(options)) await sweepStack(stack);
  if (code !== 0 || !isRehearsal) return code;

  const listed = await quietPulumi(toolchain.pulumi, ["stack", "ls", "--json"]);
  if (listed.code !== 0)
    throw new Problem(
      `the resources of stack ${stack} are gone; the rehearsal was left running, for it cannot be told whether another stack ` +
        `uses it:\n${listed.stderr.trim()}\n./machine rehearsal stop stops it`,
    );
  const others = (JSON.parse(listed.stdout) as ListedStack[])
    .filter(({ name, resourceCount = 0 }) => name !== stack && resourceCount > 0)
    .map(({ name }) => name);
  await stopUnlessUsed(rehearsalAt(), projectDir, others);
  return 0;
}
