/** A destroy where the engine does not answer: Pulumi would not even leave there what stays. */
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { askEngine } from "../provision/engine/ask.ts";
import { requestVariable } from "../provision/steps/contract.ts";
import type { Values } from "./events.ts";
import { rewriteState } from "./rewrite-state.ts";
import type { Opened } from "./session.ts";
import { type ExportedResource, readExport } from "./stack-export.ts";

/** Option of a destroy: what the stack has on an engine that is gone is forgotten. */
export const forgetEngineOption = "--forget-engine";

/**
 * Before a destroy: takes out of the state what is on engines that do not answer. Images would stay there anyway; where
 * the stack has services there, the user says whether they are gone.
 *
 * @param resources of its state.
 * @param isForgotten whether the user has said so.
 * @throws a Problem where a service would be left.
 */
export async function forgetGoneEngines(
  opened: Opened,
  resources: readonly ExportedResource[],
  isForgotten: boolean,
): Promise<void> {
  const { stack, output } = opened;
  const answers = await Promise.all(
    enginesIn(resources).map(async (host) => ({ host, answer: await askEngine(host) })),
  );
  const gone = answers.flatMap(({ host, answer }) =>
    "unknown" in answer ? [{ host, why: answer.unknown }] : [],
  );
  if (gone.length === 0) return;
  const what = gone
    .map(({ host, why }) => `the Docker engine at ${host} does not answer (${why})`)
    .join(", ");
  const goneHosts = new Set(gone.map(({ host }) => host));
  const onGone = isOn(resources, goneHosts);
  if (!isForgotten && resources.some((one) => isService(one) && onGone(one)))
    throw new Problem(`${what}, and stack ${stack} has services there. Nothing was changed.`, [
      { advice: "start it, and run the command again" },
      { ...machine("destroy", stack, forgetEngineOption), when: "if it is gone for good" },
    ]);
  await rewriteState(opened, (exported) => withoutEngines(exported, goneHosts));
  output.say(`${what}: the stack's state forgets what it has there, and the images stay`);
}

/** The engines that a stack's state has, as in DOCKER_HOST. */
export function enginesIn(resources: readonly ExportedResource[]): readonly string[] {
  return [...new Set(resources.filter(isProvider).map(({ inputs }) => String(inputs?.host)))];
}

/** A stack's state as Pulumi exports it, without what is on some engines. */
export function withoutEngines(exported: string, hosts: ReadonlySet<string>): string {
  const all = readExport(exported);
  const resources = all.deployment.resources ?? [];
  const gone = new Set(resources.filter(isOn(resources, hosts)).map(({ urn }) => urn));
  const kept = (urns: readonly string[]) => urns.filter((urn) => !gone.has(urn));
  const left = resources
    .filter(({ urn }) => !gone.has(urn))
    .map(({ dependencies, propertyDependencies, deletedWith, ...rest }) => ({
      ...rest,
      ...(dependencies && { dependencies: kept(dependencies) }),
      ...(propertyDependencies && {
        propertyDependencies: Object.fromEntries(
          Object.entries(propertyDependencies).map(([name, urns]) => [name, kept(urns ?? [])]),
        ),
      }),
      ...(deletedWith !== undefined && !gone.has(deletedWith) && { deletedWith }),
    }));
  return JSON.stringify({ ...all, deployment: { ...all.deployment, resources: left } });
}

const isProvider = ({ type }: ExportedResource) => type === "pulumi:providers:docker";

/** A service's container, network or volume, or the stack's use of one. */
function isService(one: ExportedResource): boolean {
  return /^docker:.*:(Container|Network|Volume)$/.test(one.type) || isUse(one);
}

function isUse({ inputs }: ExportedResource): boolean {
  return Array.isArray(inputs?.interpreter) && inputs.interpreter.includes("service-use");
}

/** Whether a resource is on one of some engines: by its provider, or by what its step is asked. */
function isOn(
  resources: readonly ExportedResource[],
  hosts: ReadonlySet<string>,
): (one: ExportedResource) => boolean {
  const providers = resources
    .filter((one) => isProvider(one) && hosts.has(String(one.inputs?.host)))
    .map(({ urn }) => urn);
  return (one) => {
    if (isUse(one)) return hosts.has(String(requestOf(one).dockerHost));
    return providers.some((urn) => one.urn === urn || one.provider?.startsWith(`${urn}::`));
  };
}

function requestOf({ inputs }: ExportedResource): { readonly dockerHost?: unknown } {
  return JSON.parse(String((inputs?.environment as Values | undefined)?.[requestVariable] ?? "{}"));
}
