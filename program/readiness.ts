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
  /** URL that a run is proved to ask; undefined where the proof failed. */
  readonly route?: string | undefined;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
}

/** What is ready on a machine, in Markdown. */
export function readiness(machine: Machine): string {
  const { stack, folder, version, commit, subset, verified, route, dockerHost } = machine;
  if (folder === undefined || commit === undefined) {
    return `# Not ready (stack ${stack})\n\nCooperBench is not installed: the last update says why.\n\n`;
  }
  return `# CooperBench on this machine (stack ${stack})

${verified} images of subset ${subset} are verified on ${dockerHost}. CooperBench ${version} (commit ${commit.slice(0, 12)})
is installed in ${folder}, with the model's key and settings in its \`.env\`. ${
    route === undefined
      ? "The model's route is NOT proved: the last update says why. Mend it before a run, whose calls would count as the model's failures."
      : `A run's calls of the model go to ${route}: proved.`
  }

`;
}
