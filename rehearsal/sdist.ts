import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder, withScratch } from "./cache.ts";
import { run, which } from "./run.ts";

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
  const file = cacheFolder("sdist", `cooperbench-${SDIST.version}-${SDIST.sha256}.tar.gz`);
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
      await run([...pip, "download", ...options, "--dest", got, "--requirement", requirements]);
    } catch (error) {
      const where = "the index that pip uses (pip config list, PIP_INDEX_URL) must serve it";
      throw new Error(
        `the sdist of cooperbench ${SDIST.version} cannot be had; ${where}. ${(error as Error).message}`,
      );
    }
    const [name] = readdirSync(got);
    if (name === undefined) throw new Error(`pip download of cooperbench ${SDIST.version} brought no file`);
    const bytes = readFileSync(join(got, name));
    if (hash(bytes) !== SDIST.sha256)
      throw new Error(
        `${name} has the sha256 ${hash(bytes)}, wanted ${SDIST.sha256}: the index serves another file`,
      );
    renameSync(join(got, name), file);
    return bytes;
  });
}

/** A pip that runs: Python's own, one in a fresh venv, or one that uv brings. */
async function findPip(work: string): Promise<[string, ...string[]]> {
  const venv = join(work, "venv");
  const faults: string[] = [];
  const works = async (argv: [string, ...string[]]) => {
    try {
      await run([...argv, "--version"]);
      return true;
    } catch (error) {
      faults.push((error as Error).message.split("\n").slice(0, 2).join(" "));
      return false;
    }
  };
  if (await works(["python3", "-m", "pip"])) return ["python3", "-m", "pip"];
  await run(["python3", "-m", "venv", venv]).catch((error: Error) =>
    faults.push(error.message.split("\n")[0] ?? ""),
  );
  if (await works([join(venv, "bin", "python"), "-m", "pip"]))
    return [join(venv, "bin", "python"), "-m", "pip"];
  if ((await which("uv")) !== undefined) {
    const uv: [string, ...string[]] = [
      "uv",
      "run",
      "--no-project",
      "--quiet",
      "--with",
      "pip",
      "python",
      "-m",
      "pip",
    ];
    if (await works(uv)) return uv;
  }
  throw new Error(
    `the rehearsal needs pip to get the source of CooperBench and finds none ` +
      `(apt-get install python3-venv, or put uv on PATH). Tried:\n${faults.join("\n")}`,
  );
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
