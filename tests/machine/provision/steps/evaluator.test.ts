import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { programAt } from "../../../../provision/steps/venv-python.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const helpers = `
from cooperbench.eval.backends import get_backend
from cooperbench.runner.tasks import DEFAULT_DATASET_DIR
def _load_patch(patch): ...
def _filter_test_files(patch_content): ...
def _write_patch(sb, filename, content): ...
def _setup_branches(sb): ...
def _merge_naive(sb, base_sha): ...
def _run_tests(sb, tests_patch, feature_patch, base_sha): ...
`;

const packages = ["cooperbench", "cooperbench/eval", "cooperbench/runner"].map(
  (name) => `${name}/__init__.py`,
);

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("evaluator-");
  const files = {
    // An agent's packages are not loaded: they take ten times as long as all the rest.
    "cooperbench/__init__.py": "raise AssertionError('the agents are loaded')",
    "cooperbench/eval/__init__.py": "raise AssertionError('the agents are loaded')",
    "cooperbench/runner/__init__.py": "raise AssertionError('the agents are loaded')",
    "cooperbench/runner/tasks.py": "DEFAULT_DATASET_DIR = 'dataset'",
    "cooperbench/eval/backends/__init__.py": "def get_backend(name): ...",
    "cooperbench/eval/backends/docker.py": "class DockerBackend: ...\nclass DockerExecResult: ...",
    "cooperbench/eval/sandbox.py": helpers,
  };
  for (const [name, text] of Object.entries(files)) put(name, text);
});

function put(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** What the evaluator says as it is loaded with these files for the installed CooperBench. */
function load(): string {
  const code =
    "try:\n import evaluator; print('loaded')\nexcept Exception as error: print(type(error).__name__, error)";
  return execFileSync("python3", ["-B", "-c", code], {
    env: { ...process.env, PYTHONPATH: `${folder}:${dirname(programAt("evaluator.py"))}` },
    encoding: "utf8",
  }).trim();
}

test("the installed evaluator is loaded without the agents' packages", () => expect(load()).toBe("loaded"));

test("one whose modules need what is in their packages is loaded with all of them", () => {
  put("cooperbench/eval/sandbox.py", `from cooperbench import __version__${helpers}`);
  for (const name of ["cooperbench/eval/__init__.py", "cooperbench/runner/__init__.py"]) put(name, "");
  put("cooperbench/__init__.py", "__version__ = '1.0'");
  expect(load()).toBe("loaded");
});

test("one that does not load is broken, and not of another version", () => {
  put("cooperbench/eval/sandbox.py", "import nowhere");
  for (const name of packages) put(name, "");
  expect(load()).toBe("Broken ModuleNotFoundError: No module named 'nowhere'");
});

test.each([
  [
    "lacks a function",
    helpers.replace("def _merge_naive(sb, base_sha): ...\n", ""),
    /^OtherVersion .*_merge_naive/,
  ],
  [
    "has other parameters",
    helpers.replace("(sb, base_sha)", "(sb, base_sha, strategy)"),
    /^OtherVersion its _merge_naive takes other parameters$/,
  ],
])("one that %s is of another version, and is not asked", (_, sandbox, message) => {
  put("cooperbench/eval/sandbox.py", sandbox);
  for (const name of packages) put(name, "");
  expect(load()).toMatch(message);
});
