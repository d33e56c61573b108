import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { homeOf } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { askHelper, isThere } from "./credential-helper.ts";

/** What a registry, or its token server, is shown. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly username: string; readonly identitytoken: string };

/** What Docker's own configuration calls Docker Hub. */
export const dockerHubKey = "https://index.docker.io/v1/";
const dockerHubHosts = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/** The part of Docker's config.json that is read here. */
const configuration = z.looseObject({
  auths: z
    .record(z.string(), z.looseObject({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().default(""),
});

type Configuration = z.infer<typeof configuration>;

/**
 * The credentials that `docker login` has left for a registry: from the helper of this host (`credHelpers`), else from
 * the helper of all hosts (`credsStore`), else from the file itself (`auths`). The first of them that is configured, and
 * that is there, counts. The file is `config.json` in DOCKER_CONFIG, else in ~/.docker.
 *
 * @param host with its port where it has one; any of Docker Hub's for Docker Hub.
 * @throws Problem where the file is broken, or a helper fails.
 */
export async function credentialsFor(
  host: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Credentials | undefined> {
  const { file, server, helper, auths } = configurationFor(host, env);
  // Without it, what is public is there for all: `missingHelper` tells of it.
  if (helper !== "" && isThere(helper, env)) return askHelper(helper, server, env);
  const key = server in auths ? server : Object.keys(auths).find((key) => hostOf(key) === server);
  return key === undefined ? undefined : decode(auths[key] ?? {}, `${file}, auths ${key}`, host);
}

/** The credential helper that Docker's configuration names for a registry and that is not on PATH; undefined for none. */
export function missingHelper(host: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { file, helper } = configurationFor(host, env);
  if (helper === "" || isThere(helper, env)) return undefined;
  return `${file} names docker-credential-${helper}, which is not on PATH`;
}

/** What Docker's configuration says of a host. */
function configurationFor(host: string, env: NodeJS.ProcessEnv) {
  const file = join(env.DOCKER_CONFIG || join(homeOf(env), ".docker"), "config.json");
  const isDockerHub = dockerHubHosts.includes(host);
  const server = isDockerHub ? dockerHubKey : host;
  const { credHelpers, credsStore, auths } = existsSync(file)
    ? readConfiguration(file)
    : configuration.parse({});
  const helper = credHelpers[server] ?? (isDockerHub ? credHelpers["docker.io"] : undefined) ?? credsStore;
  return { file, server, helper, auths };
}

function readConfiguration(file: string): Configuration {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    // A parser's message may quote the text, secrets and all.
    const why = (error as NodeJS.ErrnoException).code ?? "it is not JSON";
    throw new Problem(`cannot read Docker's configuration ${file} (${why})`, broken);
  }
  const parsed = configuration.safeParse(content);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path }) => path.join(" ") || "the whole");
  throw new Problem(
    `Docker's configuration ${file} does not have the form that docker writes (${places.join("; ")})`,
    broken,
  );
}

/** Early versions of docker wrote a URL where later ones write a host. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

function decode(
  { auth = "", identitytoken = "" }: Configuration["auths"][string],
  where: string,
  host: string,
): Credentials | undefined {
  if (auth === "" && identitytoken === "") return undefined;
  const [, username = "", password = ""] =
    /^([^:]*):([^\0]*)/.exec(Buffer.from(auth, "base64").toString()) ?? [];
  if (identitytoken !== "") return { username, identitytoken };
  if (username === "")
    throw new Problem(`${where}: auth is not a user and password in base64`, {
      command: ["docker", "login", host],
    });
  return { username, password };
}

const broken = { advice: "fix it in an editor, or move it away and run docker login again" };
