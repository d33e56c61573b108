import type { Owner } from "../provision/owner.ts";
import {
  containerAt,
  type EngineContainer,
  type EngineThing,
  isMadeBy,
  networkAt,
  volumeAt,
} from "./owned.ts";

/** What CooperBench calls its git server's container, network, volume and image. */
export const gitNames = {
  container: "cooperbench-git",
  network: "cooperbench",
  volume: "cooperbench-git-data",
  image: "cooperbench-git-server:local",
} as const;

/** What is there already of the git server: what another has made is used as it is. */
export interface ExistingGit {
  readonly container: "foreign" | "own";
  readonly network: "foreign" | "own";
  readonly volume: "foreign" | "own";
  /** What is wrong with the stack's own container; undefined where nothing is. */
  readonly finding?: string;
}

/** Looks for the git server on an engine. */
export async function existingGit(dockerHost: string, owner: Owner): Promise<ExistingGit> {
  const [container, network, volume] = await Promise.all([
    containerAt(dockerHost, gitNames.container),
    networkAt(dockerHost, gitNames.network),
    volumeAt(dockerHost, gitNames.volume),
  ]);
  return judgeGit(owner, { container, network, volume });
}

/** What was found under the names; undefined for nothing. */
export interface GitFacts {
  readonly container: EngineContainer | undefined;
  readonly network: EngineThing | undefined;
  readonly volume: EngineThing | undefined;
}

/** What that means for a stack. */
export function judgeGit(owner: Owner, { container, network, volume }: GitFacts): ExistingGit {
  const maker = (thing: EngineThing | undefined) =>
    thing === undefined || isMadeBy(thing, owner) ? "own" : "foreign";
  const ended = container !== undefined && isMadeBy(container, owner) && !container.running;
  return {
    container: maker(container),
    network: maker(network),
    volume: maker(volume),
    ...(ended && { finding: `it is ${container.state}` }),
  };
}
