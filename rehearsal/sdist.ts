import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { aptInstall } from "../lib/apt.ts";
import { cacheFolder } from "../lib/cache-folder.ts";
import { environmentFor } from "../lib/environment.ts";
import { findOnPath } from "../lib/find-program.ts";
import { foundOf, Problem } from "../lib/problem.ts";
import { output } from "../lib/run.ts";
import { withScratch } from "./cache.ts";

/** The release that is rehearsed, and the sha256 of its sdist on PyPI. */
export const SDIST = {
  version: "0.0.29",
  sha256: "c31badb2bd01ac19331fe8c9808ae11f00e61233e11c12be047254995efb30ae",
} as const;

/**
 * CooperBench's sdist, from the cache or through pip, which knows the user's index, proxy and
 * certificates.
 * @throws Error when pip cannot be had, or what it brings has another hash.
 */
export async function fetchSdist(report: (line: string) => void): Promise<Buffer> {
  const file = join(cacheFolder(), "sdist", `cooperbench-${SDIST.version}-${SDIST.sha256}.tar.gz`);
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    if (hash(bytes) === SDIST.sha256) return bytes;
    rmSync(file);
  }
  return withScratch(dirname(file), async (work) => {
    report(`downloading the sdist of cooperbench ${SDIST.version} through pip`);
    const pip = await findPip(work);
    // pip looks into a source package before it keeps it; the hash is checked before that.
    const requirements = join(work, "requirements.txt");
    writeFileSync(requirements, `cooperbench==${SDIST.version} --hash=sha256:${SDIST.sha256}\n`);
    const options = ["--no-deps", "--no-binary", "cooperbench", "--ignore-requires-python", "--quiet"];
    const got = join(work, "got");
    try {
      await pip(["download", ...options, "--dest", got, "--requirement", requirements]);
    } catch (error) {
      throw new Problem(
        `the sdist of cooperbench ${SDIST.version} cannot be downloaded: ${foundOf(error)}`,
        otherIndex,
        {
          cause: error,
        },
      );
    }
    const [name] = readdirSync(got);
    if (name === undefined)
      throw new Problem(`pip download of cooperbench ${SDIST.version} downloaded no file`, otherIndex);
    const bytes = readFileSync(join(got, name));
    if (hash(bytes) !== SDIST.sha256)
      throw new Problem(
        `the index serves a different ${name}: its sha256 is ${hash(bytes)}, not ${SDIST.sha256}`,
        otherIndex,
      );
    renameSync(join(got, name), file);
    return bytes;
  });
}

/** Runs pip with some arguments. */
type Pip = (args: readonly string[]) => Promise<string>;

/** A pip that runs: Python's own, one in a fresh venv, or one that uv brings. */
async function findPip(work: string): Promise<Pip> {
  const venv = join(work, "venv");
  const faults: string[] = [];
  const works = async (pip: Pip) => {
    try {
      await pip(["--version"]);
      return true;
    } catch (error) {
      faults.push(foundOf(error).split("\n").slice(0, 2).join(" "));
      return false;
    }
  };
  const pipOf =
    (python: string): Pip =>
    (args) =>
      output(python, ["-m", "pip", ...args], { env: environmentFor("pip") });
  const own = pipOf("python3");
  if (await works(own)) return own;
  await output("python3", ["-m", "venv", venv], { env: environmentFor("pip") }).catch((error: Error) =>
    faults.push(foundOf(error).split("\n")[0] ?? ""),
  );
  const fresh = pipOf(join(venv, "bin", "python"));
  if (await works(fresh)) return fresh;
  if (findOnPath("uv") !== undefined) {
    const withUv = ["run", "--no-project", "--quiet", "--with", "pip", "python", "-m", "pip"];
    const ofUv: Pip = (args) => output("uv", [...withUv, ...args], { env: environmentFor("uv") });
    if (await works(ofUv)) return ofUv;
  }
  throw new Problem(
    `the rehearsal needs pip to get the source of CooperBench, and none runs:\n${faults.join("\n")}`,
    [aptInstall("python3-venv"), { advice: "put uv on PATH" }],
  );
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const otherIndex = {
  command: ["export", "PIP_INDEX_URL=URL"],
  when: "to use an index that serves it (pip config list shows the current one)",
};
