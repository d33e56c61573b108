import { createCipheriv, createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { digestOf } from "../lib/digest.ts";

/** An entry of a layer. Everything belongs to root. */
export interface Entry {
  /** Relative to the image's root, with no slash at either end. */
  readonly path: string;
  readonly type: "directory" | "file" | "symlink" | "fifo";
  /** Default: 0755 for a folder, else 0644. */
  readonly mode?: number;
  /** A file's content. */
  readonly bytes?: Buffer;
  /** Where a symlink leads. */
  readonly target?: string;
}

/** A layer, ready to be pushed. */
export interface Layer {
  /** Of the compressed bytes. */
  readonly digest: string;
  /** Of the tar archive. */
  readonly diffId: string;
  readonly bytes: Buffer;
}

/** Every entry has this time (seconds): the same input gives the same bytes on every day. */
const MOMENT = 1735689600;

/**
 * Packs entries, in the order given, into a compressed layer. Equal entries give equal bytes.
 * @param level gzip's. Default 1: a good ratio is worth nothing on loopback, and time is.
 */
export async function makeLayer(entries: readonly Entry[], level = 1): Promise<Layer> {
  const { pack } = await import("tar-stream");
  const archive = pack();
  for (const { path, type, mode, bytes, target } of entries) {
    const header = {
      name: type === "directory" ? `${path}/` : path,
      type,
      mode: mode ?? (type === "directory" ? 0o755 : 0o644),
      mtime: new Date(MOMENT * 1000),
      uid: 0,
      gid: 0,
      ...(target === undefined ? {} : { linkname: target }),
    };
    if (type === "file") archive.entry(header, bytes ?? Buffer.alloc(0));
    else archive.entry(header);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const tar = Buffer.concat(chunks);
  const compressed = await promisify(gzip)(tar, { level });
  return { digest: digestOf(compressed), diffId: digestOf(tar), bytes: compressed };
}

/** Bytes that no compression makes smaller, the same ones for the same seed. */
export function incompressible(seed: string, length: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
