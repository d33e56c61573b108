import * as pulumi from "@pulumi/pulumi";

/**
 * The output, or undefined where the resource behind it failed. With `--continue-on-error` the program lives on past
 * a failed resource, whose outputs then reject; what only tells of it must not end the program with a second error.
 */
export function unlessFailed<T>(output: pulumi.Output<T>): pulumi.Output<T | undefined> {
  // Unlike `apply`, the SDK's own accessor can be caught; a value that is unknown in a preview stays unknown.
  const { promise } = output as unknown as { promise: (withUnknowns: boolean) => Promise<T> };
  const settled = promise.call(output, true).catch(() => undefined);
  return pulumi.output(settled) as pulumi.Output<T | undefined>;
}
