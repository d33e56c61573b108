import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { list } from "../../../lib/list.ts";
import { Problem } from "../../../lib/problem.ts";
import { machine } from "../../../lib/remedy.ts";
import { otherFolder, restored } from "../../remedies.ts";
import { findPython, meets } from "../python.ts";
import type { Venv, VenvResult } from "../venv.ts";
import { faultOf } from "./fault.ts";
import { assertSuits, type Install, makeFrame, sync } from "./install.ts";
import { sitePackages, versionOf } from "./interpreter.ts";
import { markerFile, removeTraces, type VenvMarker, writeIntent, writeWhole } from "./marker.ts";
import type { VenvOrigin } from "./origin.ts";
import { otherFiles } from "./other-files.ts";
import { distInfosIn, incompletePackages, packagesIn } from "./records.ts";
import { discard, keepAside } from "./remove.ts";

/** What a step works on. */
export interface Step extends Venv, Install {
  /** Says what is done. */
  readonly report: (line: string) => void;
}

/** An environment that is good as it is. The marker of one that is older than ids is written again. */
export async function adopt({ venv, owner, report }: Step, origin: VenvOrigin): Promise<VenvResult> {
  const pythonVersion = (await versionOf(venv)) ?? "unknown";
  if (origin.kind !== "own") return { venv, pythonVersion, made: false, changed: "before" };
  const { packages, id, changed = new Date().toISOString() } = origin.marker;
  if (packages === undefined || id !== owner.id) {
    writeWhole(venv, owner, { changed, packages: packages ?? packagesOf(venv) });
    report(`${venv} is this stack's, from before stacks had ids; its marker now has the id`);
  }
  return { venv, pythonVersion, made: true, changed };
}

/** Puts an environment right in its place. Gives undefined where that does not do. */
export async function mend(step: Step, origin: VenvOrigin): Promise<VenvResult | undefined> {
  const { folder, venv, owner, pythonVersion } = step;
  const marker = origin.kind === "own" ? origin.marker : undefined;
  writeIntent(
    venv,
    owner,
    marker ? { of: "stack", otherFiles: otherFiles(venv, marker) } : { of: "user", otherFiles: [] },
  );
  await sync(step);
  const fault = faultOf(folder, pythonVersion, { kind: "user" });
  if (fault?.cure === "checkout") throw noSource(folder, fault.what);
  if (marker !== undefined) return fault === undefined && isComplete(venv) ? whole(step) : undefined;
  removeTraces(venv);
  rmSync(markerFile(venv));
  if (fault !== undefined) return undefined;
  const version = (await versionOf(venv)) ?? "unknown";
  return { venv, pythonVersion: version, made: false, changed: new Date().toISOString() };
}

/** Makes the environment in its place, which becomes free first. */
export async function make(step: Step, origin: VenvOrigin, why: string): Promise<VenvResult> {
  const { folder, venv, owner, pythonVersion, report, abort } = step;
  const python = await findPython(pythonVersion, report, abort);
  await assertSuits(step, python, owner.stack);
  report(`making ${venv} with Python ${python.version}${origin.kind === "absent" ? "" : `: ${why}`}`);
  await clearWay(step, origin, why);
  mkdirSync(venv, { recursive: true });
  writeIntent(venv, owner, { of: "stack", otherFiles: [] });
  writeFileSync(join(venv, ".gitignore"), "*"); // as uv does: no part of it is a change of the checkout
  await makeFrame(step, python);
  report(`installing ${packageName(step)} into ${venv}`);
  await sync(step);
  const fault = faultOf(folder, pythonVersion, { kind: "user" });
  if (fault?.cure === "checkout") throw noSource(folder, fault.what);
  if (fault !== undefined)
    throw new Problem(`${venv} was made, but ${fault.what}`, [
      {
        command: ["git", "-C", folder, "status"],
        when: `to see whether ${folder} is a whole checkout of CooperBench`,
      },
      otherFolder(owner.stack),
    ]);
  return whole(step);
}

/** What is installed, as pip names it. */
export function packageName({ extras }: Venv): string {
  return extras.length > 0 ? `cooperbench[${extras.join(",")}]` : "cooperbench";
}

/** The fault of a checkout whose package is not there, so that no environment can run it. */
export function noSource(folder: string, what: string): Problem {
  return new Problem(`${folder}: ${what}`, restored(folder, "src"));
}

/** Whether each package has all the files that it was installed with. */
export function isComplete(venv: string): boolean {
  const site = sitePackages(venv);
  return site !== undefined && incompletePackages(site).length === 0;
}

async function whole({ venv, owner, pythonVersion: request }: Step): Promise<VenvResult> {
  const pythonVersion = await versionOf(venv);
  if (pythonVersion === undefined || !meets(pythonVersion, request)) {
    const got = pythonVersion ?? "one that does not run";
    throw new Problem(
      `${venv} was made, but its Python is ${got}, not ${request}`,
      machine("set", owner.stack, "pythonVersion", "VERSION"),
    );
  }
  const changed = new Date().toISOString();
  writeWhole(venv, owner, { changed, packages: packagesOf(venv) });
  return { venv, pythonVersion, made: true, changed };
}

/** Packages of a whole environment that were not there when it was noted to be whole. */
function addedPackages(venv: string, { packages, intent }: VenvMarker): string[] {
  const site = sitePackages(venv);
  if (packages === undefined || intent !== undefined || site === undefined || !existsSync(site)) return [];
  return distInfosIn(site)
    .filter((distInfo) => !(distInfo in packages))
    .map((distInfo) => distInfo.replace(/\.dist-info$/, ""));
}

function packagesOf(venv: string): Record<string, string> {
  return packagesIn(sitePackages(venv) as string);
}

/** Takes away what is at the environment's place: removes what is the stack's own, and moves aside what is not. */
async function clearWay({ venv, report }: Step, origin: VenvOrigin, why: string): Promise<void> {
  if (origin.kind === "absent") return;
  if (origin.kind === "own" || origin.kind === "moved") {
    const others = otherFiles(venv, origin.marker);
    const added = addedPackages(venv, origin.marker);
    if (added.length > 0)
      report(`packages that were added to ${venv} are not in the new one: ${list(added)}`);
    if (others.length === 0) return discard(venv);
    const aside = await keepAside(venv);
    return report(
      `${venv} has files that the stack did not make (${list(others)}), so it is kept as ${aside}`,
    );
  }
  const aside = await keepAside(venv);
  report(
    `${venv}: ${why}. This stack did not make it, so it is kept as ${aside}; remove that if you do not need it`,
  );
}
