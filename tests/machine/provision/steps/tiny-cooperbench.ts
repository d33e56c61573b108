import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { searchPython } from "../../../../provision/steps/python.ts";
import { readyUv } from "../../../../toolchain/uv.ts";
import { readSettings } from "../../../../toolchain/variables.ts";

/**
 * A checkout that uv installs as it installs CooperBench: a command, an editable package in src, one requirement and
 * one more of the extra `dev`, all in a uv.lock. Its build backend is its own, so that no index is asked.
 */
export function makeTinyCooperbench(folder: string, python: string): void {
  write(folder, "pyproject.toml", project);
  write(folder, "backend.py", backend);
  write(folder, "src/cooperbench/__init__.py", "import needed\ndef main(): print(needed.name)\n");
  for (const name of ["needed", "wanted"]) {
    write(folder, `packages/${name}/pyproject.toml`, requirement(name));
    write(folder, `packages/${name}/backend.py`, backend);
  }
  if (lock === undefined) {
    execFileSync("uv", ["lock", "--quiet", "--python", python], { cwd: folder });
    lock = readFileSync(join(folder, "uv.lock"), "utf8");
  }
  write(folder, "uv.lock", lock);
}

/** It names no place, so that one serves all. */
let lock: string | undefined;

/** Puts the project's uv on this process's PATH. On a fresh machine it is fetched first. */
export async function putUvOnPath(): Promise<void> {
  const settings = readSettings(resolve(import.meta.dirname, "../../../.."), process.env);
  const { file } = await readyUv(settings, () => {});
  process.env.PATH = `${dirname(file)}${delimiter}${process.env.PATH}`;
}

/** The path of a Python of that version on this machine. */
export async function pathOfPython(request: string): Promise<{ path: string; version: string }> {
  const { python, instead } = await searchPython(request);
  if (python === undefined) throw new Error(`the test needs Python ${request}; there are ${instead}`);
  return python;
}

/** A Python of another minor version than the first one's; undefined, and said so, where this machine has none. */
export async function anotherPython(): Promise<{ path: string; version: string } | undefined> {
  const first = await pathOfPython(">=3.10");
  const minor = (version: string) => version.split(".").slice(0, 2).join(".");
  const others = ["3.10", "3.11", "3.12", "3.13", "3.14"].filter((one) => one !== minor(first.version));
  try {
    return await Promise.any(others.map(pathOfPython));
  } catch {
    console.warn(`this machine has no other Python than ${first.version}: not tried is what needs another`);
    return undefined;
  }
}

function write(folder: string, name: string, text: string): void {
  const file = join(folder, name);
  // What is there already keeps its time: uv then has it in its cache.
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const ownBackend = `
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
`;

const project = `[project]
name = "cooperbench"
version = "0.0.1"
requires-python = ">=3.10"
dependencies = ["needed"]

[project.optional-dependencies]
dev = ["wanted"]

[tool.uv.sources]
needed = { path = "packages/needed" }
wanted = { path = "packages/wanted" }
${ownBackend}`;

const requirement = (name: string) => `[project]
name = "${name}"
version = "1.0"
requires-python = ">=3.10"
${ownBackend}`;

/** Makes a wheel with what Python brings. */
const backend = `
import base64, hashlib, os, re, zipfile

def wheel(folder, files):
    text = open("pyproject.toml").read()
    name, version = (re.search(key + r' = "(.*?)"', text).group(1) for key in ("name", "version"))
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\nRequires-Python: >=3.10\\n"
    if name == "cooperbench":
        metadata += "Requires-Dist: needed\\nProvides-Extra: dev\\nRequires-Dist: wanted; extra == 'dev'\\n"
        files[f"{info}/entry_points.txt"] = "[console_scripts]\\ncooperbench = cooperbench:main\\n"
    files[f"{info}/METADATA"] = metadata
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: tiny\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    record = []
    with zipfile.ZipFile(os.path.join(folder, f"{name}-{version}-py3-none-any.whl"), "w") as archive:
        for path, content in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(content)}\\n")
            archive.writestr(path, content)
        archive.writestr(f"{info}/RECORD", "".join(record) + f"{info}/RECORD,,\\n")
    return f"{name}-{version}-py3-none-any.whl"

def build_editable(folder, config_settings=None, metadata_directory=None):
    return wheel(folder, {"_cooperbench.pth": os.path.abspath("src") + "\\n"})

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = re.search(r'name = "(.*?)"', open("pyproject.toml").read()).group(1)
    return wheel(folder, {f"{name}/__init__.py": f"name = '{name}'\\n", f"{name}/more.py": "more = 1\\n"})
`;
