import type { z } from "zod";
import { digestForm } from "../../lib/digest.ts";
import { platformName } from "../../lib/platform.ts";
import { authorizedRequests } from "./authorized-requests.ts";
import { parseEndpoint } from "./endpoint.ts";
import { RegistryError } from "./error.ts";
import { assertImage, assertRegistry, checkReference, contentType, manifestForm } from "./form.ts";
import { dateOf, type Quota, quotaOf } from "./headers.ts";
import {
  chooseManifest,
  describeManifest,
  type ImageDescription,
  type ImageManifest,
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
  /** Waits for any answer: throws where none comes, or a page that no registry gives. Costs no quota. */
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

  async function askForManifest(method: "GET" | "HEAD", repository: string, reference: string) {
    const path = `manifests/${reference}`;
    const answer = await ask({ method, repository, path, accept: manifestTypes.join(", ") });
    return { answer, form: manifestForm(host, `${repository} ${reference}`, answer) };
  }

  async function manifest(repository: string, reference: string) {
    const { answer, form } = await askForManifest("GET", repository, reference);
    const asked = digestForm.test(reference) ? reference : undefined;
    const what = `${repository} ${reference}`;
    return { form, ...verifiedBody(host, answer, what, [asked, announcedDigest(host, answer)]) };
  }

  function readImage(content: unknown, what: string): ImageManifest {
    const single = read(imageManifest, content, what);
    assertImage(host, what, single);
    return single;
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
      `${host} has ${what} in an unknown form (${faults.slice(0, 3).join("; ")})`,
      checkReference,
      { status: 200 },
    );
  }

  return {
    host,
    async ping() {
      assertRegistry(host, await request(`${origin}/v2/`, { timeoutMs }));
    },
    async head(repository, reference) {
      const { answer } = await askForManifest("HEAD", repository, reference);
      const quota = quotaOf(answer.headers);
      const date = dateOf(answer.headers);
      return {
        digest: announcedDigest(host, answer) ?? (await manifest(repository, reference)).digest,
        mediaType: contentType(answer),
        ...(quota !== undefined && { quota }),
        ...(date !== undefined && { date }),
      };
    },
    async describe(repository, reference, wanted) {
      const what = `${repository} ${reference}`;
      const { digest, content, form } = await manifest(repository, reference);
      if (form === "image") {
        const single = readImage(content, what);
        const config = await blob(repository, single.config.digest);
        const platform = platformName(read(imageConfig, config.content, `the configuration of ${what}`));
        return describeManifest(digest, platform, single);
      }
      const chosen = chooseManifest(read(imageIndex, content, what), wanted);
      if (chosen.digest === undefined)
        throw new RegistryError(
          `${host} does not have ${what} for the platform ${wanted}, only for ${chosen.platforms.join(", ") || "none"}`,
          {
            command: ["./machine", "lock", "--platform", "PLATFORM"],
            when: "if you mean another platform",
          },
          { status: 200 },
        );
      const single = await manifest(repository, chosen.digest);
      return describeManifest(digest, wanted, readImage(single.content, what));
    },
  };
}
