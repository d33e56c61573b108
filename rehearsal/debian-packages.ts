import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import PQueue from "p-queue";
import { aptGet } from "../lib/apt.ts";
import { cacheFolder } from "../lib/cache-folder.ts";
import { environmentFor } from "../lib/environment.ts";
import { findOnPath } from "../lib/find-program.ts";
import { Problem } from "../lib/problem.ts";
import { output } from "../lib/run.ts";
import { withScratch } from "./cache.ts";

/** GNU's name for this architecture, which Debian's folders of libraries have. */
export const multiarch = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

/**
 * Downloads Debian packages with what they depend on, and unpacks them into the cache folder. Nothing is
 * installed: installing docker.io would start an engine and touch the machine's networks.
 * @returns the folder that stands for `/`.
 */
export async function fetchPackages(
  names: readonly string[],
  report: (line: string) => void,
): Promise<string> {
  if (findOnPath("apt-get") === undefined || findOnPath("dpkg-deb") === undefined)
    throw new Problem(
      `this machine lacks what the Debian packages ${names.join(", ")} contain, and has no apt-get to get them`,
      { advice: `install ${names.join(", ")}, or the packages that they are called here` },
    );
  const target = join(
    cacheFolder(),
    "debian",
    `${distribution()}-${process.arch}-${[...names].sort().join("-")}`,
  );
  if (existsSync(target)) return target;

  const began = Date.now();
  return withScratch(dirname(target), async (work) => {
    const archives = join(work, "archives");
    const root = join(work, "root");
    mkdirSync(join(archives, "partial"), { recursive: true });
    mkdirSync(root);
    await download(names, archives, report);
    const files = readdirSync(archives).filter((name) => name.endsWith(".deb"));
    await new PQueue({ concurrency: 4 }).addAll(
      files.map(
        (file) => () =>
          output("dpkg-deb", ["-x", join(archives, file), root], { env: environmentFor("program") }),
      ),
    );
    try {
      renameSync(root, target);
    } catch (error) {
      // Another process was faster; its copy is as good as ours.
      if (!existsSync(target)) throw error;
    }
    report(`unpacked ${files.length} Debian packages into ${target} (${seconds(began)})`);
    return target;
  });
}

/** Downloads; when that fails, or the lists know no such package, updates the lists and tries once more. */
async function download(
  names: readonly string[],
  archives: string,
  report: (line: string) => void,
): Promise<void> {
  const attempt = async () => {
    const known = await knownPackages(names);
    report(`downloading from Debian, without installing: ${known.join(", ")}`);
    await aptGet([...downloadArguments(archives), ...known], report);
  };
  try {
    await attempt();
  } catch {
    report("updating the package lists (apt-get update)");
    await aptGet(["update", "-qq"], report);
    await attempt();
  }
}

function downloadArguments(archives: string): string[] {
  const settings = [
    `Dir::Cache::archives=${archives}`,
    // Nothing of the system changes, so a running apt need not be waited for.
    "Debug::NoLocking=true",
    // root downloads: the sandbox's user may not enter root's cache folder.
    "APT::Sandbox::User=root",
  ];
  const options = settings.flatMap((setting) => ["-o", setting]);
  // What is named is downloaded where it is installed, too.
  const how = ["--reinstall", "--download-only", "--no-install-recommends"];
  return ["install", ...how, "-y", "-qq", ...options];
}

/**
 * docker-cli is a package of its own in newer releases only; in the others docker.io holds the client.
 * @throws Error when another package is unknown, so that the lists are updated.
 */
async function knownPackages(names: readonly string[]): Promise<string[]> {
  const wanted = new Set(names);
  // The engine's package depends on a client or recommends it; asking for both settles which.
  if (wanted.has("docker.io") || wanted.has("docker-cli")) wanted.add("docker.io");
  const known: string[] = [];
  for (const name of wanted) {
    const policy = await output("apt-cache", ["policy", name], { env: environmentFor("program") });
    if (/Candidate: (?!\(none\))/.test(policy)) known.push(name);
    else if (name !== "docker-cli")
      throw new Problem(`the package lists do not have ${name}`, { command: ["sudo", "apt-get", "update"] });
  }
  return known.sort();
}

/** Names the release that the packages are for: libraries of one do not fit another. */
function distribution(): string {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(release)?.[1] ?? "unknown";
  return `${value("ID")}-${value("VERSION_ID")}`;
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
