import type { z } from "zod";
import { digestForm } from "../../lib/digest.ts";
import { platformName } from "../../lib/platform.ts";
import { authorizedRequests } from "./authorized-requests.ts";
import { parseEndpoint } from "./endpoint.ts";
import { RegistryError } from "./error.ts";
import { dateOf, type Quota, quotaOf } from "./headers.ts";
import {
  chooseManifest,
  describeManifest,
  type ImageDescription,
  imageConfig,
  imageIndex,
  imageManifest,
  manifestTypes,
} from "./image.ts";
import { request } from "./request.ts";
import { announcedDigest, type VerifiedBody, verifiedBody } from "./verified-body.ts";

/** What a registry says of a tag. */
export interface TagAnswer {
  /** Of a manifest, or of an index of several platforms. */
  readonly digest: string;
  readonly mediaType: string;
  /** Where the registry counts pulls. */
  readonly quota?: Quota;
  /** The moment that the registry says it is. */
  readonly date?: Date;
}

/** A client of one registry. It throws RegistryError, and Problem where Docker's configuration is at fault. */
export interface Registry {
  /** The registry's host, with its port where it has one. */
  readonly host: string;
  /** Waits for any answer: throws only where none comes. Costs no quota. */
  ping(): Promise<void>;
  /** What a tag names. On Docker Hub this costs no quota. */
  head(repository: string, reference: string): Promise<TagAnswer>;
  /**
   * What an image is. On Docker Hub this costs one pull of the quota, and one more for an index.
   *
   * @param reference a tag or a digest.
   * @param platform such as linux/amd64: which image of an index is meant. An image alone is described as it is.
   */
  describe(repository: string, reference: string, platform: string): Promise<ImageDescription>;
}

/** How a registry is asked. */
export interface RegistryOptions {
  /** Time limit of each request to its headers, and again to the end of its body. Default: 10 s. */
  readonly timeoutMs?: number;
  /** Where DOCKER_CONFIG and the helpers' PATH are read from. Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A client of a registry's HTTP API (the OCI distribution specification). It asks without credentials first, and shows
 * those of Docker's configuration only where the registry wants some.
 *
 * @param at a URL, or `HOST[:PORT][/PREFIX]` for https (http for this machine itself).
 */
export function registryAt(
  at: string,
  { timeoutMs = 10_000, env = process.env }: RegistryOptions = {},
): Registry {
  const endpoint = parseEndpoint(at);
  const { host, origin } = endpoint;
  const ask = authorizedRequests(endpoint, timeoutMs, env);

  function askForManifest(method: "GET" | "HEAD", repository: string, reference: string) {
    return ask({ method, repository, path: `manifests/${reference}`, accept: manifestTypes.join(", ") });
  }

  async function manifest(repository: string, reference: string): Promise<VerifiedBody> {
    const answer = await askForManifest("GET", repository, reference);
    const asked = digestForm.test(reference) ? reference : undefined;
    return verifiedBody(host, answer, `${repository} ${reference}`, [asked, announcedDigest(host, answer)]);
  }

  async function blob(repository: string, digest: string): Promise<VerifiedBody> {
    const answer = await ask({ method: "GET", repository, path: `blobs/${digest}`, accept: "*/*" });
    return verifiedBody(host, answer, `the blob ${repository} ${digest}`, [digest]);
  }

  function read<T>(schema: z.ZodType<T>, content: unknown, what: string): T {
    const parsed = schema.safeParse(content);
    if (parsed.success) return parsed.data;
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(" ") || "all"}: ${message}`);
    throw new RegistryError(
      `${host} has ${what} in a form that is not known here (${faults.slice(0, 3).join("; ")}); want one of ${manifestTypes.join(", ")}`,
      { status: 200 },
    );
  }

  return {
    host,
    async ping() {
      await request(`${origin}/v2/`, { timeoutMs });
    },
    async head(repository, reference) {
      const answer = await askForManifest("HEAD", repository, reference);
      const quota = quotaOf(answer.headers);
      const date = dateOf(answer.headers);
      return {
        digest: announcedDigest(host, answer) ?? (await manifest(repository, reference)).digest,
        mediaType: answer.headers.get("content-type") ?? "",
        ...(quota !== undefined && { quota }),
        ...(date !== undefined && { date }),
      };
    },
    async describe(repository, reference, wanted) {
      const what = `${repository} ${reference}`;
      const { digest, content } = await manifest(repository, reference);
      const index = imageIndex.safeParse(content).data;
      if (index === undefined) {
        const single = read(imageManifest, content, what);
        const config = await blob(repository, single.config.digest);
        const platform = platformName(read(imageConfig, config.content, `the configuration of ${what}`));
        return describeManifest(digest, platform, single);
      }
      const chosen = chooseManifest(index, wanted);
      if (chosen.digest === undefined)
        throw new RegistryError(
          `${host} has ${what} not for the platform ${wanted}, but for ${chosen.platforms.join(", ") || "none"}`,
          { status: 200 },
        );
      const single = await manifest(repository, chosen.digest);
      return describeManifest(digest, wanted, read(imageManifest, single.content, what));
    },
  };
}
