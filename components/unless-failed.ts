import * as pulumi from "@pulumi/pulumi";

/**
 * The output, or undefined where the resource behind it failed. With `--continue-on-error` the program lives on past
 * a failed resource, whose outputs then reject; what only tells of it must not end the program with a second error.
 */
export function unlessFailed<T>(output: pulumi.Output<T>): pulumi.Output<T | undefined> {
  // Unlike `apply`, the SDK's own accessors can be caught. What is unknown in a preview stays unknown.
  const { promise, isKnown } = output as unknown as Accessors<T>;
  const settled = Promise.all([promise.call(output, true), isKnown])
    .then(([value, known]) => (known ? value : (pulumi.unknown as T)))
    .catch(() => undefined);
  return pulumi.output(settled) as pulumi.Output<T | undefined>;
}

/** A value, given once the resource behind an output is there or has failed. It is known in a preview, too. */
export function afterEnd<T>(output: pulumi.Output<unknown>, value: T): Promise<T> {
  const { promise } = output as unknown as Accessors<unknown>;
  return promise.call(output, true).then(
    () => value,
    () => value,
  );
}

interface Accessors<T> {
  readonly promise: (withUnknowns: boolean) => Promise<T>;
  readonly isKnown: Promise<boolean>;
}
