/** The chain of what a run stands on, from the images to its plan: the status in six links. */
import type { Mark, StatusCheck } from "./checks.ts";
import { type ImageStatus, withOracle } from "./images.ts";
import { firstLine } from "./proofs.ts";
import type { MachineStatus } from "./status.ts";

/** One link of the chain. */
export interface Link {
  readonly name: "image" | "probe" | "oracle" | "environment" | "route" | "plan";
  readonly level: Mark;
  /** A few words, figures first. */
  readonly found: string;
  /** When it was last proved, in ISO 8601; undefined for what is seen right now, or was never proved. */
  readonly provedAt?: string | undefined;
  /** The command that makes it hold, or tells of it. */
  readonly command: string;
  /** The checks that say it. */
  readonly checks: readonly string[];
}

/** Which mark of several says more. */
const weight: Readonly<Record<Mark, number>> = { ok: 0, off: 1, warning: 2, blocker: 3 };

/** The links of a status, in the order in which each needs those before it. */
export function chainOf({
  stack,
  checks,
  images,
  isReady,
}: Pick<MachineStatus, "stack" | "checks" | "images" | "isReady">): readonly Link[] {
  const worst = (...names: readonly string[]): StatusCheck | undefined =>
    names
      .flatMap((name) => checks.find(({ check }) => check === name) ?? [])
      .toSorted((a, b) => weight[b.level] - weight[a.level])[0];
  const link = (
    name: Link["name"],
    command: string,
    of: readonly string[],
    found: (worst: StatusCheck | undefined) => string = (check) => firstLine(check?.found ?? "not looked at"),
  ): Link => {
    const check = worst(...of);
    return {
      ...{ name, level: check?.level ?? "off", found: found(check) },
      provedAt: worst(of[0] ?? "")?.provedAt,
      ...{ command: `./machine ${command} ${stack}`, checks: of },
    };
  };
  const oracles = withOracle(images);
  const inTheWay = checks.filter(({ level }) => level === "blocker").map(({ check }) => check);
  return [
    imageLink(stack, images),
    link("probe", "verify", ["images"], () => `${count(images, isProved)} as they were proved`),
    link("oracle", "oracle", ["oracle", "runners"], (check) => {
      if (check !== undefined && (check.check === "runners" || oracles.length === 0))
        return firstLine(check.found);
      return `${count(oracles, ({ oracle }) => oracle?.isCurrent === true)} gold patches pass`;
    }),
    link("environment", "verify", ["cooperbench", "version"]),
    link("route", "up", ["route", "credentials", "variables"]),
    {
      ...{ name: "plan", command: `./machine plan ${stack}`, checks: [] },
      ...(isReady
        ? { level: "ok", found: "the runs can start" }
        : { level: "blocker", found: `in the way of a run: ${[...new Set(inTheWay)].join(", ")}` }),
    },
  ];
}

/** Whether the engine has the images, whatever is proved of them. */
function imageLink(stack: string, images: readonly ImageStatus[]): Link {
  const isUnseen = images.some(({ state }) => state === "unseen");
  const there = images.filter(({ state }) => state !== "missing" && state !== "unseen").length;
  const locked = images.filter(({ isLocked }) => isLocked).length;
  return {
    ...{ name: "image", level: there === images.length ? "ok" : "blocker" },
    found: isUnseen
      ? "the engine does not answer"
      : `${there}/${images.length} on the engine, ${locked === images.length ? "all" : locked} locked`,
    ...{ command: `./machine up ${stack}`, checks: ["images"] },
  };
}

const isProved = ({ state }: ImageStatus) => state === "proved";

function count(images: readonly ImageStatus[], isGood: (image: ImageStatus) => boolean): string {
  return `${images.filter(isGood).length}/${images.length}`;
}
