import type { Owner } from "../../provision/ownership/owner.ts";
import { inspectWrittenRoute, writtenEnvironment } from "../../provision/steps/route-drift.ts";
import { type Finding, ok, warning } from "../finding.ts";

/**
 * Whether something on this machine leads a run's calls of the model elsewhere. An update goes on past it and ends with
 * the failed proof of the route, so it is told first.
 *
 * @param folder of the checkout, which need not be there.
 */
export function routeFinding(
  folder: string,
  owner: Owner,
  modelApiBase: string,
  environment?: Readonly<Record<string, string | undefined>>,
): Finding {
  const overridden = inspectWrittenRoute(
    folder,
    writtenEnvironment(folder, owner, modelApiBase),
    environment,
  );
  if (overridden === undefined) return ok("route", "nothing here overrides modelApiBase");
  const remedy =
    "Take that away (unset NAME, or its line of the file): with it, the proof of the route fails";
  return warning("route", overridden, remedy);
}
