import { execFileSync } from "node:child_process";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Checkout, ensureCheckout, removeCheckout } from "../../../../../provision/steps/checkout.ts";
import { lab1 } from "../../../../owners.ts";

/** Runs git as a user does, with a name. */
export function userGit(cwd: string, ...args: string[]): string {
  return execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** Writes a file, with the folders above it. */
export function put(file: string, text = ""): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A repository like CooperBench's, with two commits, and a place for a checkout of it. In a temporary folder. */
export class CheckoutLab {
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), "checkout-")));
  readonly repository = join(this.base, "origin");
  readonly folder = join(this.base, "repos", "CooperBench");
  readonly first: string;
  readonly second: string;
  readonly said: string[] = [];
  readonly say = (line: string) => this.said.push(line);

  constructor() {
    put(join(this.repository, ".gitignore"), "logs/\n__pycache__/\n*.egg-info/\n.env\n.venv/\nignored*\n");
    put(join(this.repository, "src/cooperbench/__init__.py"), "version = 1\n");
    put(join(this.repository, "src/cooperbench/old.py"), "old\n");
    put(join(this.repository, "src/cooperbench/same.py"), "same\n");
    put(join(this.repository, "dataset/subsets/lite.json"), "{}\n");
    for (const index of [0, 1, 2, 3]) put(join(this.repository, `dataset/task${index}`), `first ${index}\n`);
    userGit(this.repository, "init", "--quiet");
    this.first = this.commit("first");
    userGit(this.repository, "tag", "v1");
    userGit(this.repository, "tag", "--annotate", "-m", "upstream's", "v1-annotated");
    rmSync(join(this.repository, "src/cooperbench/old.py"));
    put(join(this.repository, "src/cooperbench/__init__.py"), "version = 2, which is longer\n");
    put(join(this.repository, "src/cooperbench/new/new.py"), "new, and long enough to be cut off\n");
    for (const index of [1, 2]) put(join(this.repository, `dataset/task${index}`), `second ${index}\n`);
    this.second = this.commit("second");
  }

  /** Commits all that is in the repository. */
  commit(message: string): string {
    userGit(this.repository, "add", "--all");
    userGit(this.repository, "commit", "--quiet", "-m", message);
    return userGit(this.repository, "rev-parse", "HEAD");
  }

  ensure(commit = this.first, more: Partial<Checkout> = {}) {
    const { folder, repository } = this;
    return ensureCheckout({ folder, owner: lab1, repository, commit, ...more }, this.say);
  }

  remove(owner = lab1, folder = this.folder) {
    return removeCheckout(folder, owner, this.say);
  }

  git(...args: string[]): string {
    return userGit(this.folder, ...args);
  }

  get markerFile(): string {
    return join(this.folder, ".git", "cooperbench-machine.json");
  }

  get marker() {
    return JSON.parse(readFileSync(this.markerFile, "utf8"));
  }

  mark(change: object): void {
    writeFileSync(this.markerFile, JSON.stringify({ ...this.marker, ...change }));
  }

  /** A copy of the folder as it is, for later. */
  copy(name: string): string {
    const copy = join(this.base, name);
    cpSync(this.folder, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    return copy;
  }

  close(): void {
    rmSync(this.base, { recursive: true });
  }
}

/** All files under a folder with what they hold, but those of .git. */
export function treeOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => !/^\.git(\/|$)/.test(path))
    .map((path) => [path, lstatSync(join(folder, path))] as const)
    .filter(([, stats]) => !stats.isDirectory())
    .map(([path, stats]) => [
      path,
      stats.isSymbolicLink() ? readlinkSync(join(folder, path)) : readFileSync(join(folder, path), "utf8"),
    ]);
  return Object.fromEntries(files.sort());
}
