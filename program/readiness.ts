/** What is told of a machine. */
export interface Machine {
  readonly stack: string;
  /** Absolute folder of the CooperBench checkout; undefined where its installation failed. */
  readonly folder?: string;
  readonly version?: string;
  readonly commit?: string;
  readonly subset: string;
  /** Such as `26/26`. */
  readonly verified: string;
  /** How many of the wanted oracles have passed, such as `5/5`; null where none is wanted. */
  readonly oracle: string | null;
  /** Whether the services of cooperating agents are verified; null where none are wanted. */
  readonly services: boolean | null;
  /** URL that a run is proved to ask; undefined where the proof failed. */
  readonly route?: string | undefined;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
}

/** What an update has made ready on a machine, in Markdown. Whether it is still so, the status says. */
export function readiness(machine: Machine): string {
  const { stack, folder, version, commit, subset, verified, oracle, services, route, dockerHost } = machine;
  const isInstalled = folder !== undefined && commit !== undefined;
  const lacks = [
    ...(isInstalled ? [] : ["CooperBench is not installed"]),
    ...(isAll(verified) ? [] : [`${verified} images are verified`]),
    ...(route === undefined
      ? ["the model's route is not proved: a run's calls would count as its failures"]
      : []),
    ...(services === false ? ["the services of cooperating agents are not verified"] : []),
    ...(oracle === null || isAll(oracle) ? [] : [`${oracle} gold patches pass their tests`]),
  ];
  if (lacks.length > 0)
    return `# Not ready (stack ${stack})\n\n${lacks.map((line) => `- ${line}\n`).join("")}\n\`./machine status ${stack}\` says why.\n\n`;
  return `# CooperBench on this machine (stack ${stack})

${verified} images of subset ${subset} are verified on ${dockerHost}. CooperBench ${version} (commit ${commit?.slice(0, 12)})
is installed in ${folder}, with the model's key and settings in its \`.env\`. A run's calls of the model go to ${route}: proved.

`;
}

function isAll(counted: string): boolean {
  const [some, all] = counted.split("/");
  return some === all;
}
