import { placeKey, realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import type { Wanted } from "../provision/look.ts";
import { checkoutFolder } from "./checkout-folder.ts";
import { encrypted } from "./configuration.ts";
import { runsOf } from "./runs.ts";
import type { Settings } from "./settings.ts";
import { ownerOf } from "./stack-id.ts";

/** What a stack wants of its machine, with the name of its folder in the state. */
export interface StackWants extends Wanted {
  /** What the checkout's folder is called in the stack's state: relative to the project where it is in it. */
  readonly folderKey: string;
}

/**
 * What a stack's settings want of its machine.
 *
 * @param projectDir that a relative folder is of.
 * @param engine the stack's.
 * @throws a Problem where the checkout's folder would hold the project.
 */
export function wantedOf(
  stack: string,
  settings: Settings,
  projectDir: string,
  engine: { readonly host: string } & Wanted["engine"],
): StackWants {
  const { coop, git, redisHost, redisPort, pythonVersion, modelApiBase, cohereApiKey } = settings;
  const folder = checkoutFolder(projectDir, settings);
  if (`${realPlace(projectDir)}/`.startsWith(folder === "/" ? folder : `${folder}/`))
    throw new Problem(
      `cooperbenchDir is ${folder}, which holds this project itself`,
      machine("set", stack, "cooperbenchDir", "repos/CooperBench"),
    );
  return {
    owner: ownerOf(stack, settings),
    dockerHost: engine.host,
    engine,
    redis: coop ? { host: redisHost, port: redisPort } : undefined,
    git,
    folder,
    folderKey: placeKey(projectDir, folder),
    pythonVersion,
    modelApiBase,
    cohereApiKey: cohereApiKey === encrypted ? undefined : cohereApiKey,
    smoke: runsOf(settings).smoke,
  };
}
