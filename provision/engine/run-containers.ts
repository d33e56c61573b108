import type Docker from "dockerode";
import { readTasks } from "../../benchmark/tasks.ts";
import type { EngineFacts } from "./ask.ts";
import { type Engine, engineAt, isNone } from "./client.ts";
import { gitNames } from "./service-names.ts";
import { serviceRecords } from "./service-records.ts";

/** Milliseconds that an engine has for each question. */
const ANSWER_MS = 10_000;

/** What CooperBench has made a container for. */
export type RunPart = "agent" | "evaluation" | "git server";

/** A container of a run of CooperBench's, which stays where the run is killed. */
export interface RunContainer {
  readonly id: string;
  readonly name: string;
  readonly part: RunPart;
  /** Reference of its image. */
  readonly image: string;
  readonly ageSeconds: number;
  /** Number of its first process on the engine's machine; undefined where it does not run. */
  readonly pid: number | undefined;
  /** Bytes, without what the kernel can take back; 0 where it does not run. */
  readonly memoryBytes: number;
}

/**
 * The containers on an engine that are surely CooperBench's own (0.0.14 to 0.0.29): of an image of the benchmark, with
 * the name, the command and the folder that it gives them, and without a label, of which it gives none. A git server is
 * left out where a stack uses it.
 *
 * @param facts what the engine has said of itself.
 * @throws an error where the engine does not answer.
 */
export async function runContainers(
  dockerHost: string,
  { images, info }: Pick<EngineFacts, "images" | "info">,
): Promise<readonly RunContainer[]> {
  const engine = engineAt(dockerHost, ANSWER_MS);
  const benchmark = new Set(readTasks().map(({ image }) => image));
  const there = images.flatMap(({ references }) => references).filter((name) => benchmark.has(name));
  const names = ["^/?minisweagent-", `^/?${gitNames.container}$`];
  // Never all of an engine's: with containerd's image store that takes a second and more.
  const listed = await Promise.all([
    there.length === 0 ? [] : idsOf(engine, { ancestor: there }),
    idsOf(engine, { name: names }),
  ]);
  const now = Date.parse(info.SystemTime);
  const found = await Promise.all(
    [...new Set(listed.flat())].map((id) => lookAt(engine, id, benchmark, now).catch(unlessGone)),
  );
  const known = found.filter((one) => one !== undefined);
  if (!known.some(({ part }) => part === "git server")) return known;
  const isUsed = (await serviceRecords(dockerHost, "git")).some(({ kind }) => kind === "uses");
  return known.filter(({ part }) => part !== "git server" || !isUsed);
}

async function idsOf(
  engine: Engine,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<readonly string[]> {
  const query = { all: true, filters: JSON.stringify(filters) };
  const found = await engine.ask<Docker.ContainerInfo[]>({ path: "/containers/json", query });
  return found.map(({ Id }) => Id);
}

/** Looks closer at a container; undefined for one of another's. */
async function lookAt(
  engine: Engine,
  id: string,
  benchmark: ReadonlySet<string>,
  now: number,
): Promise<RunContainer | undefined> {
  const found = await engine.getContainer(id).inspect();
  const part = partOf(found, benchmark);
  if (part === undefined || (await hasLabels(engine, found))) return undefined;
  const { Running, Pid } = found.State;
  return {
    id,
    name: found.Name.replace(/^\//, ""),
    part,
    image: found.Config.Image,
    ageSeconds: Math.max(0, (now - Date.parse(found.Created)) / 1000),
    pid: Running ? Pid : undefined,
    memoryBytes: Running ? await memoryOf(engine, id) : 0,
  };
}

type Inspected = Pick<Docker.ContainerInspectInfo, "Name" | "Path" | "Args" | "Config" | "HostConfig">;

/** What CooperBench has made a container for; undefined where it has not surely made it. */
export function partOf(found: Inspected, benchmark: ReadonlySet<string>): RunPart | undefined {
  const { Name, Path, Args, Config } = found;
  const command = [Path, ...Args].join(" ");
  if (
    Name === `/${gitNames.container}` &&
    Config.Image === gitNames.image &&
    command.startsWith("git daemon ")
  )
    return "git server";
  if (!benchmark.has(Config.Image) || hasMore(found)) return undefined;
  const entrypoint = [Config.Entrypoint ?? []].flat().join(" ");
  if (/^\/minisweagent-[0-9a-f]{8}$/.test(Name) && /^\/bin\/bash -c sleep \S+$/.test(command))
    return entrypoint === "/bin/bash" ? "agent" : undefined;
  // It leaves the name to the engine, an adjective and somebody's name, and names the signal that is meant anyway.
  const isEvaluation =
    /^\/[a-z]+_[a-z]+\d*$/.test(Name) &&
    command === "sleep infinity" &&
    entrypoint === "" &&
    (Config as { readonly StopSignal?: string }).StopSignal === "SIGTERM" &&
    Config.WorkingDir === "/workspace";
  return isEvaluation ? "evaluation" : undefined;
}

/** Whether a container has what CooperBench gives none: a terminal, an input, ports, folders, or another start by itself. */
function hasMore({ Config, HostConfig }: Inspected): boolean {
  const { Binds, Mounts, PortBindings, RestartPolicy } = HostConfig;
  const restarts = RestartPolicy?.Name ?? "";
  return (
    Config.Tty ||
    Config.OpenStdin ||
    (Binds ?? []).length > 0 ||
    (Mounts ?? []).length > 0 ||
    Object.keys(PortBindings ?? {}).length > 0 ||
    !["", "no"].includes(restarts)
  );
}

/** Whether a container has labels that its image does not give it. */
async function hasLabels(engine: Engine, { Image, Config }: Docker.ContainerInspectInfo): Promise<boolean> {
  const labels = Object.keys(Config.Labels ?? {});
  if (labels.length === 0) return false;
  const image = await engine.getImage(Image).inspect().catch(unlessGone);
  const given = image?.Config?.Labels ?? {};
  return labels.some((label) => given[label] === undefined);
}

/** As `docker stats` has it. The answer of a container that stops meanwhile is empty. */
async function memoryOf(engine: Engine, id: string): Promise<number> {
  const path = `/containers/${id}/stats`;
  const query = { stream: false, "one-shot": true };
  const memory = (await engine.ask<Docker.ContainerStats | undefined>({ path, query }))?.memory_stats;
  const stats = (memory?.stats ?? {}) as Readonly<Record<string, number>>;
  const files = stats.inactive_file ?? stats.total_inactive_file ?? 0;
  return Math.max(0, (memory?.usage ?? 0) - files);
}

/** What has gone meanwhile is not there. */
function unlessGone(error: unknown): undefined {
  if (!isNone(error)) throw error;
}
