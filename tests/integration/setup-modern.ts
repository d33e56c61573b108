import { modernEngine } from "../../rehearsal/modern-engine.ts";

/** Builds the modern engine before any test: on a fresh machine that takes minutes, and has no test's time limit. */
export default async function setup(): Promise<void> {
  await modernEngine(console.log);
}
