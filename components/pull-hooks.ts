import * as pulumi from "@pulumi/pulumi";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import { debug } from "../program/sdk-costs.ts";
import type { ImagePulls } from "../provision/engine/image-pulls.ts";
import type { Progress } from "../provision/engine/pull-progress.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { repairHook } from "./repair-hook.ts";

/** Arguments of `pullHooks`. */
export interface PullHooksArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** The images that the hook will be asked for. */
  readonly images: readonly PinnedImage[];
  /** Those of them that are not on the engine yet. */
  readonly missing: readonly PinnedImage[];
  /** Registry that is asked first, as host and path; empty for none. */
  readonly mirror: string;
  /** Seconds without any progress after which a pull is ended and tried again. */
  readonly stallSeconds: number;
  /** How many images are verified by now, such as 9/26. */
  readonly verified: () => string;
}

/** Milliseconds between two words of progress. */
const progressMs = 2000;

/** How far the pulls are, as a debugging message of the resource in JSON: a reader of Pulumi's events draws it. */
export interface PullsMessage {
  /** The same in words, which are said as well. */
  readonly line: string;
  /** Bytes of all pulls, and bytes a second. */
  readonly pulls: Progress;
  /** The images that have their turn, by their references; of one that is not locked, no bytes are known. */
  readonly images: Readonly<Record<string, Pick<Progress, "done" | "total">>>;
}

/**
 * Hooks for images that are to be created. Each is pulled before the provider looks for it, which then finds it: so a
 * failure tells its true cause, which the provider hides, and progress is shown on the given resource meanwhile. Once it
 * is there, the repair that it was made in has ended.
 */
export function pullHooks(
  name: string,
  args: PullHooksArgs,
  shownOn: pulumi.Resource,
): pulumi.ResourceHookBinding {
  const locked = new Map(args.images.map(({ image, locked }) => [image, locked]));
  // Made at the first call, for most updates pull nothing.
  let pulls: Promise<Pulls> | undefined;
  const pull = new pulumi.ResourceHook(name, async ({ newInputs }) => {
    pulls ??= startPulls(args, shownOn);
    const reference = String(newInputs?.name);
    await (await pulls).ensure({ reference, locked: locked.get(reference) });
  });
  return { beforeCreate: [pull], afterCreate: [repairHook(`${name}-repair`, args.owner)] };
}

type Pulls = Pick<ImagePulls, "ensure">;

async function startPulls(args: PullHooksArgs, shownOn: pulumi.Resource): Promise<Pulls> {
  const [{ engineAt }, { ImagePulls }, { PullProgress }, { progressLine }] = await Promise.all([
    import("../provision/engine/client.ts"),
    import("../provision/engine/image-pulls.ts"),
    import("../provision/engine/pull-progress.ts"),
    import("../provision/engine/progress-line.ts"),
  ]);
  const progress = new PullProgress();
  for (const { locked } of args.missing) progress.plan(locked?.layers ?? {});
  const unlocked = args.missing.filter(({ locked }) => locked === undefined).map(({ image }) => image);
  if (unlocked.length > 0) {
    const text = `not locked, so pulled by tag, whatever that names today: ${unlocked.join(", ")}. To lock them: ./machine lock`;
    void pulumi.log.warn(text, shownOn);
  }
  const layersOf = new Map(args.missing.map(({ image, locked }) => [image, locked?.layers ?? {}]));
  const begun = new Set<string>();
  const pulls = new ImagePulls(engineAt(args.dockerHost), args, {
    follow: (event) => progress.follow(event),
    begin: (reference) => {
      begun.add(reference);
    },
    say: (reference, text, lasting) => {
      begun.delete(reference);
      void pulumi.log.info(`${reference}: ${text}`, shownOn, undefined, !lasting);
    },
  });

  let active = 0;
  const tell = () => {
    const all = progress.at(performance.now());
    const line = progressLine(all, args.verified(), unlocked.length);
    const images = [...begun].map((one) => [one, progress.of(layersOf.get(one) ?? {})] as const);
    const message: PullsMessage = { line, pulls: all, images: Object.fromEntries(images) };
    void debug(JSON.stringify(message), shownOn, undefined, true);
    void pulumi.log.info(line, shownOn, undefined, true);
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    async ensure(image) {
      active += 1;
      timer ??= setInterval(tell, progressMs);
      try {
        await pulls.ensure(image);
      } finally {
        begun.delete(image.reference);
        active -= 1;
        if (active === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      }
    },
  };
}
