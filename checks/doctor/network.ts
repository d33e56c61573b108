import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "../../benchmark/tasks.ts";
import { type Known, known } from "../../lib/known.ts";
import { machine } from "../../lib/remedy.ts";
import type { EngineInfo } from "../../provision/engine/ask.ts";
import { dockerAt } from "../../provision/engine/docker-command.ts";
import type { EngineImage } from "../../provision/engine/images.ts";
import { dockerConfigFile, proxyVariables } from "../../provision/engine/proxies.ts";
import {
  askIndex,
  type IndexAnswer,
  type Manager,
  managerOf,
  questions,
} from "../../provision/steps/package-index.ts";
import { type Finding, ok, warning } from "../finding.ts";
import { daemonFile } from "./downloads.ts";

/** A container that is to ask, or why none can. */
export type Choice = { readonly image: string; readonly manager: Manager } | { readonly none: string };

/**
 * Chooses an image of the stack that is on the engine and whose runner installs packages, by the dataset of its checkout.
 * Those with pip come first, which most have.
 */
export function chooseImage(
  tasks: readonly Pick<Task, "repo" | "taskId" | "image">[],
  images: readonly EngineImage[],
  checkout: string,
): Choice {
  if (!existsSync(join(checkout, "dataset")))
    return { none: `there is no checkout in ${checkout}; its runners say which package manager they use` };
  const there = new Set(images.flatMap(({ references }) => references));
  const calling = tasks.flatMap(({ image, ...task }) => {
    const manager = managerOf(checkout, task);
    return manager === undefined ? [] : [{ image, manager }];
  });
  if (calling.length === 0) return { none: `no runner in ${checkout} calls a package manager` };
  const chosen = calling.filter(({ image }) => there.has(image));
  return (
    chosen.find(({ manager }) => manager === "pip") ??
    chosen[0] ?? { none: "no image whose runner installs packages is on the engine" }
  );
}

/** The network of an engine's containers, as it was asked for. */
export interface NetworkAnswer {
  readonly image: string;
  readonly manager: Manager;
  readonly answer: Known<IndexAnswer>;
}

/** Has a container of a chosen image ask. Never throws. */
export async function askNetwork(
  chosen: { readonly image: string; readonly manager: Manager },
  where: { readonly dockerHost: string; readonly stack: string; readonly abort?: AbortSignal | undefined },
): Promise<NetworkAnswer> {
  const answer = await askIndex({ ...where, ...chosen }).then(known, (error: Error) => ({
    unknown: error.message,
  }));
  return { ...chosen, answer };
}

/**
 * Whether containers reach the index that the runners of the benchmark install packages from. Never in the way of an
 * update, which needs none of it.
 *
 * @param asked what came of it, or why nothing was asked.
 */
export function networkFinding(
  asked: NetworkAnswer | { readonly none: string },
  { dockerHost, stack }: { readonly dockerHost: string; readonly stack: string },
  info: Pick<EngineInfo, "SecurityOptions">,
): Finding {
  if ("none" in asked) return ok("network", `not asked: ${asked.none}`);
  const { image, manager, answer } = asked;
  const who = `${manager} in a container of ${image}`;
  if ("unknown" in answer)
    return warning("network", `${who} could not ask its index: ${answer.unknown}`, {
      ...machine("verify", stack),
      when: "to probe the images",
    });
  const { seconds, trouble } = answer.value;
  if (trouble === undefined) return ok("network", `${who} gets a package from its index, in ${seconds} s`);
  const { cause, said } = trouble;
  const [program = "", ...args] = questions[manager];
  const byHand = {
    command: dockerAt(dockerHost, "run", "--rm", "--entrypoint", program, image, ...args),
    when: "to ask again",
  };
  const given = proxyVariables(dockerHost).length > 0;
  const file = dockerConfigFile();
  const proxies = given
    ? `correct the proxies in ${file}, which containers have`
    : `if this network has a proxy, name it in ${file} (proxies)`;
  const remedies = {
    name: `give containers a DNS server that they reach ("dns": ["ADDRESS"] in ${daemonFile(info)}, then restart the engine); ${proxies}`,
    proxy: proxies,
    certificate:
      "exempt the index from TLS inspection: the images do not have the inspecting proxy's certificate",
    connection: `let containers out through the firewall; ${proxies}`,
    other: undefined,
  };
  const advice = remedies[cause];
  return warning(
    "network",
    `${who} gets nothing from its index, and the tests of most tasks install packages from it: ${said}`,
    advice === undefined ? byHand : [{ advice }, byHand],
  );
}
