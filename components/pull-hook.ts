import * as pulumi from "@pulumi/pulumi";

/**
 * A hook for images that are to be created: pulls each before the provider looks for it, which then finds it. So a
 * failure tells its true cause, which the provider hides, and progress is shown on the given resource meanwhile.
 */
export function pullHook(name: string, dockerHost: string, shownOn: pulumi.Resource): pulumi.ResourceHook {
  const seen = new Map<string, { done: number; total: number }>();
  let told = 0;
  const tell = () => {
    if (performance.now() - told < 1000) return;
    told = performance.now();
    const sum = (key: "done" | "total") => [...seen.values()].reduce((bytes, image) => bytes + image[key], 0);
    const text = `pulling: ${megabytes(sum("done"))} of the ${megabytes(sum("total"))} MB known so far`;
    pulumi.log.info(text, shownOn, undefined, true);
  };
  return new pulumi.ResourceHook(name, async ({ newInputs }) => {
    // Loaded here, for most updates pull nothing.
    const [{ engineAt }, { pullImage }] = await Promise.all([
      import("../engine/client.ts"),
      import("../engine/pull.ts"),
    ]);
    const reference = String(newInputs?.name);
    await pullImage(engineAt(dockerHost), reference, (progress) => {
      seen.set(reference, progress);
      tell();
    });
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
