/** What the text of the next steps speaks of. */
export interface Machine {
  readonly stack: string;
  /** Absolute folder of the CooperBench checkout; undefined where its installation failed. */
  readonly folder?: string;
  readonly version?: string;
  readonly commit?: string;
  readonly subset: string;
  /** Such as `26/26`. */
  readonly verified: string;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
}

/** The stack's `readme` output: what is ready on this machine, and how a run is started on it. In Markdown. */
export function nextSteps(machine: Machine): string {
  const { stack, folder, version, commit, subset, verified, dockerHost } = machine;
  if (folder === undefined || commit === undefined) {
    return `# Not ready (stack ${stack})\n\nCooperBench is not installed: the last update says why.\n`;
  }
  const chosen = subset === "full" ? "" : ` -s ${subset}`;
  return `# CooperBench on this machine (stack ${stack})

${verified} images of subset ${subset} are verified on ${dockerHost}. CooperBench ${version} (commit ${commit.slice(0, 12)})
is installed in ${folder}, with the model's key and settings in its \`.env\`.

Solo first, then cooperating agents, then the evaluation:

\`\`\`sh
cd ${folder}
export DOCKER_HOST=${dockerHost}
.venv/bin/cooperbench run -n solo${chosen} --setting solo -m cohere/command-a-03-2025 -c 4
.venv/bin/cooperbench run -n coop${chosen} --setting coop -m cohere/command-a-03-2025 -c 4
.venv/bin/cooperbench eval -n solo${chosen}
.venv/bin/cooperbench eval -n coop${chosen}
\`\`\`

Variables that your shell exports win over those of \`.env\`.
`;
}
