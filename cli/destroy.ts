import { wholeStackVariable } from "../provision/holder.ts";
import { Problem } from "../provision/problem.ts";
import { rehearsalAt } from "../rehearsal/rehearsal.ts";
import { stackIdOf } from "../stack-id.ts";
import { clearPendingOperations, removeLeftovers, takeOver } from "./cut-off.ts";
import { shortenHistory } from "./history.ts";
import { pulumi, quietPulumi } from "./pulumi.ts";
import { stopUnlessUsed } from "./rehearsal.ts";
import { openUnchecked, projectDir } from "./session.ts";
import { ensureStack } from "./stack.ts";
import { readConfiguration } from "./stack-file.ts";

interface ListedStack {
  readonly name: string;
  readonly resourceCount?: number;
}

/** `./machine destroy STACK`: removes what the stack made, and a rehearsal that no other stack uses. */
export async function destroy(stack: string, options: readonly string[]): Promise<number> {
  await takeOver(stack);
  const { toolchain, dockerHost, isRehearsal } = await openUnchecked(stack);
  await removeLeftovers(dockerHost, stack);
  const cutOff = await clearPendingOperations(toolchain.pulumi, stack);
  await ensureStack(toolchain.pulumi, stack);
  process.env[wholeStackVariable] =
    stackIdOf(String(readConfiguration(projectDir, stack).stackId ?? "")) ?? "";
  const code = await pulumi(
    toolchain.pulumi,
    ["destroy", "--yes", "--skip-preview", "--stack", stack, ...options],
    true,
  );
  shortenHistory(stack);
  if (cutOff.length > 0)
    process.stderr.write(
      `machine: ${cutOff.join(", ")} may be left: an update was cut off while it made them. To remove them: ./machine up ${stack}, then ./machine destroy ${stack}\n`,
    );
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
