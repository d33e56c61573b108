import { existsSync, readFileSync } from "node:fs";
import { connect, type NetConnectOpts } from "node:net";
import { join } from "node:path";
import type { ImagesLock } from "../benchmark/images-lock.ts";
import { COMMITS } from "../benchmark/stand-ins.ts";
import { parseReference } from "../lib/reference.ts";
import { fingerprint, readContents } from "./contents.ts";
import type { Rehearsal } from "./rehearsal.ts";
import { portStatus } from "./relay-client.ts";

/** How long a ready one may take to answer. */
const TIMEOUT_MS = 1000;

/** Whether the rehearsal is complete: made by this program, its processes answering, everything there. */
export async function answersInFull(r: Rehearsal): Promise<boolean> {
  const url = r.registryUrl();
  if (url === undefined || !existsSync(r.imagesLock) || !existsSync(join(r.dir, COMMITS))) return false;
  if (!existsSync(join(r.dir, "CooperBench.git", "refs", "heads", "main"))) return false;
  if (readContents(r.dir)?.fingerprint !== fingerprint() || !imagesAreThere(r)) return false;
  const port = Number(new URL(url).port);
  const answers = await Promise.all([
    answersOk({ path: join(r.dir, "docker.sock") }, "/_ping"),
    answersOk({ host: "127.0.0.1", port }, "/v2/"),
    isReached(r, port),
  ]);
  return answers.every(Boolean);
}

/** Whether the registry's port is not another's, and the port that is kept for a Redis no more. */
async function isReached(r: Rehearsal, registry: number): Promise<boolean> {
  const { open = [] } = (await portStatus(r.dir)) ?? {};
  const redis = r.redisPort();
  if (redis === undefined) return false;
  return open.includes(registry) && (open.includes(redis) || !(await accepts(redis)));
}

/** Whether somebody listens at a port of 127.0.0.1. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

/**
 * Whether every locked image has its tag in the registry, at the locked digest. Read from the registry's
 * own files: thirty requests take 25 ms, thirty reads take one.
 */
function imagesAreThere(r: Rehearsal): boolean {
  const images = lockedImages(r.imagesLock);
  if (images === undefined) return false;
  const repositories = join(r.dir, "registry", "docker", "registry", "v2", "repositories");
  return Object.entries(images).every(([reference, { digest }]) => {
    const { repository, tag = "" } = parseReference(reference);
    const manifests = join(repositories, repository, "_manifests");
    const link = join(manifests, "tags", tag, "current", "link");
    const revision = join(manifests, "revisions", digest.replace(":", "/"), "link");
    return existsSync(link) && existsSync(revision) && readFileSync(link, "utf8").trim() === digest;
  });
}

/** The images of a lock; undefined for one that was cut off, which a start makes again. */
function lockedImages(file: string): ImagesLock["images"] | undefined {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as Partial<ImagesLock>).images;
  } catch {
    return undefined;
  }
}

/** One GET over a bare socket: loading node's http would cost a ready rehearsal more than all the rest. */
function answersOk(to: NetConnectOpts, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(to);
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(TIMEOUT_MS, () => settle(false));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
    socket.once("data", (head: Buffer) => settle(/^HTTP\/1\.\d 200 /.test(head.toString("latin1", 0, 16))));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  });
}
