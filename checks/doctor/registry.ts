import { isSamePlatform, platformName } from "../../lib/platform.ts";
import { machine } from "../../lib/remedy.ts";
import { engineAt } from "../../provision/engine/client.ts";
import {
  isNoImage,
  isNoRegistry,
  isRateLimit,
  isUnreachable,
  reasonOf,
  remediesOf,
} from "../../provision/engine/pull-failure.ts";
import type { TagAnswer } from "../../provision/registry/client.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** Asks the registry for one tag, without a pull that counts. Throws where there is no answer, or no such tag. */
export type AskTag = (reference: string) => Promise<Pick<TagAnswer, "digest" | "quota" | "date">>;

/** What came of asking. */
export interface RegistryFacts {
  readonly reference: string;
  readonly answer?: Awaited<ReturnType<AskTag>>;
  readonly error?: Error;
  /** Why this machine's own question failed, where the engine was asked instead. */
  readonly unseen?: string;
  /** This machine's clock when the answer was there. */
  readonly answeredAt: Date;
}

/**
 * Asks for one image. It is the engine that pulls, by its own mirrors and its own proxy: one with mirrors is asked
 * itself, and so is any where this machine's question fails. Never throws.
 */
export async function askRegistry(
  reference: string,
  engine: { readonly dockerHost: string; readonly mirrors: readonly string[]; readonly platform: string },
  askTag?: AskTag,
): Promise<RegistryFacts> {
  const byEngine = askByEngine(engine.dockerHost, engine.platform);
  if (askTag === undefined || engine.mirrors.length > 0) return factsOf(reference, byEngine);
  const facts = await factsOf(reference, askTag);
  if (facts.error === undefined || isRateLimit(facts.error)) return facts;
  return { ...(await factsOf(reference, byEngine)), unseen: facts.error.message };
}

async function factsOf(reference: string, ask: AskTag): Promise<RegistryFacts> {
  try {
    const answer = await ask(reference);
    return { reference, answer, answeredAt: new Date() };
  } catch (error) {
    return { reference, error: error as Error, answeredAt: new Date() };
  }
}

/** Asks the registry through the engine: its network, its mirrors and its proxy count. No quota is told. */
function askByEngine(dockerHost: string, platform: string): AskTag {
  return async (reference) => {
    const { Descriptor, Platforms } = await engineAt(dockerHost).getImage(reference).distribution();
    // What builders keep beside the images, such as attestations, has the platform unknown/unknown.
    const names = (Platforms ?? []).filter(({ os }) => os !== "unknown").map(platformName);
    if (names.length > 0 && !names.some((name) => isSamePlatform(name, platform)))
      throw new Error(`no matching manifest for ${platform}, only for ${names.join(", ")}`);
    return { digest: Descriptor.digest };
  };
}

/** Whether the registry can be reached. Without facts, nothing had to be asked, for the reason given. */
export function registryFinding(facts: RegistryFacts | undefined, notAsked: string): Finding {
  if (facts === undefined) return ok("registry", `not asked: ${notAsked}`);
  const { reference, error } = facts;
  if (error === undefined) return ok("registry", `it answers (asked for ${reference})`);
  if (isNoRegistry(error))
    return blocker(
      "registry",
      `the engine does not reach a registry (asked for ${reference}: ${reasonOf(error)})`,
      {
        advice: "find out what answers in its place: a proxy, or the login page of the engine's network",
      },
    );
  if (isNoImage(error))
    // A locked image is pulled by its digest, whatever the tag has become.
    return warning("registry", `it cannot give ${reference}: ${reasonOf(error)}`, remediesOf(error));
  if (!isUnreachable(error)) {
    // A failure that is this image's own, or the quota's: told where it belongs.
    return ok("registry", `it can be reached (asked for ${reference}, it says: ${error.message.trim()})`);
  }
  return blocker(
    "registry",
    `the engine cannot reach the registry (asked for ${reference}: ${error.message.trim()})`,
    [
      { advice: "check the engine's network and proxy" },
      { advice: "set registryMirror to a registry that the engine reaches" },
      {
        ...machine("up", "dev"),
        when: "to try everything on a network without Docker Hub, in the rehearsal",
      },
    ],
  );
}
