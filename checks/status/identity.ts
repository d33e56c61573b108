import { z } from "zod";
import { identityType } from "../../program/stack-id.ts";

/** Whose a stack is, as its state has it. */
export interface Identity {
  /** The stack's id; undefined for a stack that is older than ids. */
  readonly id?: string | undefined;
  /** Name of the machine that the stack was last updated from. */
  readonly host: string;
  /** The project's folder there. */
  readonly folder: string;
}

/** What a backend has of a stack. */
export type StackRecord =
  /** It has no such stack. */
  | { readonly kind: "absent" }
  /** The stack has no resources; whether it ever had any, says `wasUpdated`. */
  | { readonly kind: "empty"; readonly wasUpdated: boolean }
  /** The stack has resources. Without an identity it was made by a version that wrote none. */
  | { readonly kind: "made"; readonly identity?: Identity };

const deployment = z.looseObject({
  resources: z
    .array(
      z.looseObject({
        type: z.string(),
        delete: z.boolean().optional(),
        outputs: z
          .looseObject({
            stackId: z.string().nullish().catch(undefined),
            host: z.string().optional().catch(undefined),
            folder: z.string().optional().catch(undefined),
          })
          .optional(),
      }),
    )
    .nullish(),
});

/**
 * Whose a stack is, by its deployment: `deployment` of an export, `checkpoint.latest` of a file. A state that lost a kill
 * against the identity's registration counts as one that has none.
 *
 * @returns undefined where the stack has no resources.
 */
export function identityIn(latest: unknown): { readonly identity?: Identity } | undefined {
  const { resources } = deployment.parse(latest ?? {});
  if (resources === undefined || resources === null || resources.length === 0) return undefined;
  const outputs = resources.find(
    (resource) => resource.type === identityType && resource.delete !== true,
  )?.outputs;
  if (outputs?.host === undefined || outputs.folder === undefined) return {};
  return { identity: { id: outputs.stackId ?? undefined, host: outputs.host, folder: outputs.folder } };
}
