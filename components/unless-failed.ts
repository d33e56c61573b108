import * as pulumi from "@pulumi/pulumi";

/**
 * The output, or undefined where the resource behind it failed. With `--continue-on-error` the program lives on past
 * a failed resource, whose outputs then reject; what only tells of it must not end the program with a second error.
 * What is secret stays so, and what depends on it waits for the same resources.
 */
export function unlessFailed<T>(output: pulumi.Output<T>): pulumi.Output<T | undefined> {
  // Unlike `apply`, the SDK's own parts of an output can be caught. What is unknown in a preview stays unknown.
  const { promise, allResources, isKnown, isSecret } = output as unknown as Parts<T>;
  const value = promise.call(output, true);
  return new Output<T | undefined>(
    new Set(),
    value.catch(() => undefined),
    isKnown.catch(() => true),
    isSecret.catch(() => false),
    // What waits for a resource that failed would fail, too.
    value.then(() => allResources.call(output)).catch(() => new Set()),
  );
}

/** A value, given once the resource behind an output is there or has failed. It is known in a preview, too. */
export function afterEnd<T>(output: pulumi.Output<unknown>, value: T): Promise<T> {
  const { promise } = output as unknown as Parts<unknown>;
  return promise.call(output, true).then(
    () => value,
    () => value,
  );
}

type Resources = ReadonlySet<pulumi.Resource>;

interface Parts<T> {
  readonly promise: (withUnknowns: boolean) => Promise<T>;
  readonly allResources: () => Promise<Resources>;
  readonly isKnown: Promise<boolean>;
  readonly isSecret: Promise<boolean>;
}

/** An output by its parts, as the SDK makes its own. */
const Output = pulumi.Output as unknown as new <T>(
  resources: Resources,
  value: Promise<T>,
  isKnown: Promise<boolean>,
  isSecret: Promise<boolean>,
  allResources: Promise<Resources>,
) => pulumi.Output<T>;
