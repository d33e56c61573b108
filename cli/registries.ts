import pRetry from "p-retry";
import { merged } from "../lib/remedy.ts";
import { type Registry, registryAt } from "../provision/registry/client.ts";
import { RegistryError } from "../provision/registry/error.ts";

/** The registries that images are asked of, in their order. */
export interface Registries {
  readonly reachable: readonly Registry[];
  /** Why others do not answer. They are asked nothing more. */
  readonly unreachable: readonly RegistryError[];
}

/** Finds out which endpoints answer, all at once, so that none is waited for again with each image. */
export async function reach(endpoints: readonly string[]): Promise<Registries> {
  const registries = endpoints.map((endpoint) => registryAt(endpoint));
  const results = await Promise.all(
    registries.map((registry) =>
      patiently(() => registry.ping(), 1).then(
        () => registry,
        (error) => asRegistryError(error),
      ),
    ),
  );
  return {
    reachable: results.flatMap((result) => (result instanceof RegistryError ? [] : [result])),
    unreachable: results.filter((result) => result instanceof RegistryError),
  };
}

/**
 * The first answer, as an engine looks for an image: where a registry has none, the next is asked.
 *
 * @throws RegistryError with the reason of each registry.
 */
export async function firstAnswer<Answer>(
  { reachable, unreachable }: Registries,
  ask: (registry: Registry) => Promise<Answer>,
): Promise<Answer> {
  const failures: RegistryError[] = [];
  for (const registry of reachable) {
    try {
      return await patiently(() => ask(registry));
    } catch (error) {
      failures.push(asRegistryError(error));
    }
  }
  failures.push(...unreachable);
  throw new RegistryError(
    failures.map(({ found }) => found).join("; "),
    merged(failures.map(({ remedies }) => remedies)),
  );
}

/** Asks again, after a moment, where a failure can pass. */
function patiently<Answer>(ask: () => Promise<Answer>, retries = 2): Promise<Answer> {
  return pRetry(ask, {
    retries,
    minTimeout: 300,
    factor: 3,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof RegistryError && error.canPass,
  });
}

/** Other errors, such as those of Docker's configuration, are no registry's own, and end the command. */
function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  throw error;
}
