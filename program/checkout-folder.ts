import { resolve } from "node:path";
import { realPlace } from "../lib/place.ts";

/** Real absolute folder of a stack's checkout of CooperBench, by its settings or its raw configuration. */
export function checkoutFolder(
  projectDir: string,
  { cooperbenchDir }: { readonly cooperbenchDir?: unknown },
): string {
  return realPlace(resolve(projectDir, String(cooperbenchDir)));
}
