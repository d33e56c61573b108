import { join } from "node:path";
import { z } from "zod";
import type { AgentResult, PairName } from "./read-run.ts";
import { RunFileError, readRunFile } from "./run-file.ts";

const action = z.looseObject({ command: z.string(), tool_call_id: z.string() });
const observed = z.looseObject({ raw_output: z.string(), returncode: z.number() });

/** The part of a trajectory that is read here: calls of the tool, and what came of them. */
const trajectory = z.looseObject({
  messages: z.array(
    z.looseObject({
      tool_call_id: z.unknown().optional(),
      extra: z.looseObject({ actions: z.array(z.unknown()).nullish() }).nullish(),
    }),
  ),
});

/** Docker's own words, alone, in place of a command's output. */
const engineError =
  /^(?:Error response from daemon: .*|Error: No such container: .*|Cannot connect to the Docker daemon at .*|failed to connect to the docker API at .*)$/;

/**
 * What the engine said to agents instead of running their commands, up to their end: an agent whose container is gone
 * goes on to its limit. One that submitted did so in its container, so whatever its commands printed before was theirs.
 *
 * @throws RunFileError where a trajectory cannot be read.
 */
export function engineErrorsIn(
  folder: string,
  { setting, features }: PairName,
  agents: readonly AgentResult[],
): readonly string[] {
  const found = agents.flatMap(({ name, status }) => {
    if (status === "Submitted") return [];
    const file = trajectoryOf({ setting, features }, name);
    const read = readRunFile(join(folder, file), file);
    if (read === undefined) throw new RunFileError(`there is no ${file}`);
    const { data, error } = trajectory.safeParse(read);
    if (error !== undefined) throw new RunFileError(`${file} is not as CooperBench writes it`);
    return lastWords(data.messages);
  });
  return [...new Set(found)];
}

function trajectoryOf({ setting, features }: Pick<PairName, "setting" | "features">, agent: string): string {
  const feature = features[Number(agent.replace("agent", "")) - 1];
  return setting === "solo" ? "solo_traj.json" : `agent${feature}_traj.json`;
}

const usage = z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() });
const counted = z.looseObject({
  messages: z.array(
    z.looseObject({ extra: z.looseObject({ response: z.looseObject({ usage }).nullish() }).nullish() }),
  ),
});

/** The tokens of a pair's calls, as the model's API counted them; undefined where its trajectories do not say. */
export function tokensIn(
  folder: string,
  pair: PairName & { readonly agents: readonly AgentResult[] },
): { readonly input: number; readonly output: number } | undefined {
  try {
    const calls = pair.agents.flatMap(({ name }) => {
      const file = trajectoryOf(pair, name);
      const { messages } = counted.parse(readRunFile(join(folder, file), file));
      return messages.flatMap(({ extra }) => extra?.response?.usage ?? []);
    });
    const sum = (key: "prompt_tokens" | "completion_tokens") =>
      calls.reduce((all, call) => all + call[key], 0);
    return { input: sum("prompt_tokens"), output: sum("completion_tokens") };
  } catch {
    return undefined; // of another agent, or cut off
  }
}

/** The engine's words from which on no command has had another answer; none where the agent's own command asked for them. */
function lastWords(messages: z.infer<typeof trajectory>["messages"]): readonly string[] {
  const commands = new Map(
    messages.flatMap(({ extra }) =>
      (extra?.actions ?? []).flatMap((one) => {
        const { data } = action.safeParse(one);
        return data === undefined ? [] : [[data.tool_call_id as unknown, data.command] as const];
      }),
    ),
  );
  const outputs = messages.flatMap(({ tool_call_id, extra }) => {
    const { data } = observed.safeParse(extra);
    if (data === undefined) return [];
    return [{ output: data.raw_output.trim(), isDockers: /docker/i.test(commands.get(tool_call_id) ?? "") }];
  });
  const last = outputs.slice(outputs.findLastIndex(({ output }) => !engineError.test(output)) + 1);
  return last.filter(({ isDockers }) => !isDockers).map(({ output }) => output);
}
