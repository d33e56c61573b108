import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NOBODY, NODE_PACKAGE, ProjectCopy, until } from "./project-copy.ts";

let project: ProjectCopy;

beforeEach(() => {
  project = new ProjectCopy();
});
afterEach(() => project.close());

/** A command that needs the packages, and does nothing with them. */
const nothing = (env: NodeJS.ProcessEnv = {}) => project.machine(["exec", "node", "-e", "0"], { env });
const inProject = (...names: string[]) => join(project.root, ...names);

describe("what is installed", () => {
  test("is installed once, with a line, and found by the next command", async () => {
    const first = await nothing();
    expect(first.stderr).toMatch(
      /^machine: installing this project's packages \(npm ci\), about half a minute\n$/,
    );
    expect(first.code).toBe(0);
    expect(await nothing()).toMatchObject({ code: 0, stderr: "" });
    expect(project.installations).toBe(1);
    expect(project.leftovers).toEqual([]);
  });

  test.each([
    ["in the future", 4_000_000_000],
    ["long ago", 1],
  ])("is known by its content: files with times %s are not installed again", async (_, time) => {
    await nothing();
    for (const name of ["package.json", "package-lock.json"]) utimesSync(inProject(name), time, time);
    expect((await nothing()).code).toBe(0);
    expect(project.installations).toBe(1);
  });

  test("is known by its content: another lock file with an old time is installed", async () => {
    await nothing();
    project.lock("2.0.0");
    utimesSync(inProject("package-lock.json"), 1, 1);
    expect((await nothing()).code).toBe(0);
    expect(project.installations).toBe(2);
    expect((await project.longCommand().end()).stdout).toContain("late 2.0.0");
  });

  test("counts where npm ci by hand installed it", async () => {
    project.npmCi();
    expect(await nothing()).toMatchObject({ code: 0, stderr: "" });
    expect(project.installations).toBe(0);
  });

  test.each([
    ["the Node package", NODE_PACKAGE],
    ["a package", "late"],
  ])("is installed again where npm by hand left out %s", async (_, left) => {
    await nothing();
    const hidden = inProject("node_modules", ".package-lock.json");
    const { packages, ...rest } = JSON.parse(readFileSync(hidden, "utf8"));
    delete packages[`node_modules/${left}`];
    writeFileSync(hidden, JSON.stringify({ ...rest, packages }));
    rmSync(inProject("node_modules", left), { recursive: true });
    expect((await nothing()).code).toBe(0);
    expect(project.installations).toBe(2);
    expect((await project.longCommand().end()).stdout).toContain("late 1.0.0 42");
  });

  test("is not asked of npm again where package.json changes in what is no package", async () => {
    await nothing();
    const file = inProject("package.json");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), description: "new" }));
    expect(await nothing()).toMatchObject({ code: 0, stderr: "" });
    expect(project.installations).toBe(1);
  });
});

describe("two first commands at once", () => {
  test("share one installation: the second waits, and says for whom", async () => {
    const slow = { NPM_DOES: "sleep 1" };
    const both = await Promise.all([nothing(slow), nothing(slow), nothing(slow)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(project.installations).toBe(1);
    const told = both.map(({ stderr }) => stderr).join("");
    expect(told).toMatch(
      /waiting for process \d+ \(.\/machine exec node\), which is installing this project's packages/,
    );
    expect(project.leftovers).toEqual([]);
  });

  test.each([
    ["everything", "kill -9 0"],
    ["npm", "kill -9 $$"],
    ["what started npm", "kill -9 $PPID; sleep 0.5"],
  ])("a kill of %s in the middle is repaired by the next one", async (_, does) => {
    expect((await nothing({ NPM_DOES: does })).code).not.toBe(0);
    expect(existsSync(inProject("node_modules"))).toBe(false);
    expect((await nothing()).code).toBe(0);
    expect(project.installations).toBe(2);
    await until(() => project.leftovers.length === 0);
    expect((await project.longCommand().end()).stdout).toContain("late 1.0.0 42");
  });

  test("what was there before comes back where the exchange was cut off in the middle", async () => {
    await nothing();
    renameSync(inProject("node_modules"), inProject(".packages", "old-1"));
    expect((await nothing()).code).toBe(0);
    expect(project.installations).toBe(1);
    expect(project.leftovers).toEqual([]);
  });
});

describe("where npm fails,", () => {
  test("its words are shown with a plain sentence, and what was there stays and is used again", async () => {
    await nothing();
    project.lock("2.0.0");
    const { code, stderr } = await nothing({ NPM_DOES: "echo npm error code E403 >&2; exit 1" });
    expect(stderr).toContain(
      "npm error code E403\nmachine: this project's packages are not installed: npm ci ended with code 1",
    );
    expect(stderr).toContain("\nFix: ");
    expect(stderr).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
    project.lock("1.0.0");
    expect(await nothing()).toMatchObject({ code: 0, stderr: "" });
    expect(project.leftovers).toEqual([]);
  });

  test("a package of Node that it left out is named", async () => {
    const { code, stderr } = await nothing({ NPM_DOES: `rm -r node_modules/${NODE_PACKAGE}` });
    expect(stderr).toContain(`npm ci left out ${NODE_PACKAGE}`);
    expect(stderr).toContain("\nFix: ");
    expect(code).toBe(1);
    expect(existsSync(inProject("node_modules"))).toBe(false);
    expect((await nothing()).code).toBe(0);
  });

  test("a Node that does not run here is passed over for one on PATH, or named", async () => {
    const node = `node_modules/${NODE_PACKAGE}/bin/node`;
    const broken = `rm ${node}; printf '#!/bin/sh\\nexit 1\\n' >${node}; chmod 755 ${node}; ln -s ../${NODE_PACKAGE}/bin/node node_modules/.bin/node`;
    const PATH = `${dirname(realpathSync(process.execPath))}:${project.env.PATH}`;
    const first = await nothing({ PATH, NPM_DOES: `mkdir node_modules/.bin; ${broken}` });
    expect(first.code, first.stderr).toBe(0);
    const exec = await project.machine(["exec", "node", "-p", "40 + 2"], { env: { PATH } });
    expect(exec).toMatchObject({ code: 0, stdout: "42\n", stderr: "" });
    const old = join(project.folder, "old");
    mkdirSync(old);
    const script = '#!/bin/sh\ncase "$*" in --version) echo v20.1.0 ;; *"a > 22"*) exit 1 ;; esac\n';
    writeFileSync(join(old, "node"), script, { mode: 0o755 });
    const { code, stderr } = await nothing({ PATH: `${old}:${project.env.PATH}` });
    expect(stderr).toBe(
      `machine: the Node.js that npm has for this platform, ${inProject(node)}, does not run here, and ${old}/node on PATH is v20.1.0\nFix: install Node.js 22.18 or newer, and put it first on PATH\n`,
    );
    expect(code).toBe(1);
    expect(project.installations).toBe(1);
  });

  test("an npm that is not there, or a Node that is too old, is named", async () => {
    rmSync(join(project.folder, "bin", "npm"));
    const bin = join(project.folder, "bin");
    for (const name of ["sh", "uname", "cat", "cmp", "mkdir", "readlink", "rm"]) {
      symlinkSync(
        execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(),
        join(bin, name),
      );
    }
    expect(await nothing({ PATH: bin })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^machine: node and npm are not on PATH\nFix: install Node.js 18 or newer/,
      ),
    });
    writeFileSync(join(bin, "node"), '#!/bin/sh\n[ "$1" != --version ] || echo v12.22.12\nexit 1\n', {
      mode: 0o755,
    });
    expect((await nothing({ PATH: bin })).stderr).toMatch(/takes Node.js 18 or newer, and .* is v12.22.12\s/);
    project.npmCi(); // brings a Node that can look at what it is among
    expect(await nothing({ PATH: bin })).toMatchObject({ code: 0, stderr: "" });
    project.lock("2.0.0");
    const { code, stderr } = await nothing({ PATH: bin });
    expect(stderr).toContain("machine: npm is not on PATH\nFix: install Node.js 18 or newer");
    expect(code).toBe(1);
  });
});

test("a full disk in the middle is named, nothing half installed counts, and the next command repairs", async () => {
  const disk = join(project.folder, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]);
  const full = new ProjectCopy(join(disk, "project"));
  try {
    const fill = { env: { NPM_DOES: "head -c 9000000 /dev/zero >node_modules/late/data || exit 1" } };
    const { code, stderr } = await full.machine(["exec", "true"], fill);
    expect(stderr).toContain("this project's packages are not installed: no space is left on a disk");
    expect(code).toBe(1);
    expect(existsSync(join(full.root, "node_modules"))).toBe(false);
    expect(full.leftovers).toEqual([]);
    execFileSync("mount", ["-o", "remount,size=40m", disk]);
    expect((await full.machine(["exec", "true"], fill)).code).toBe(0);
  } finally {
    execFileSync("umount", [disk]);
    full.close();
  }
});

test("packages on a mount are not exchanged, and npm's own command for them is named", async () => {
  await nothing();
  const tree = inProject("node_modules");
  execFileSync("mount", ["--bind", tree, tree]);
  try {
    project.lock("2.0.0");
    const { code, stderr } = await nothing();
    expect(stderr).toContain(`machine: ${tree} cannot be exchanged`);
    expect(stderr).toContain("it is a mount");
    expect(code).toBe(1);
    expect(project.leftovers).toEqual([]);
    project.lock("1.0.0");
    expect(await nothing()).toMatchObject({ code: 0, stderr: "" });
  } finally {
    execFileSync("umount", [tree]);
  }
});

test("a symbolic link to the script, of a link, of a folder, starts the project it leads to", async () => {
  await nothing();
  const bin = join(project.folder, "a bin");
  mkdirSync(bin);
  symlinkSync(project.folder, join(bin, "folder"));
  symlinkSync("folder/a project/machine", join(bin, "one"));
  symlinkSync("one", join(bin, "mm"));
  symlinkSync(inProject("machine"), join(bin, "absolute"));
  for (const name of ["mm", "absolute", "folder/a project/machine"]) {
    const { child: _, ended } = project.start(join(bin, name), ["exec", "true"], { cwd: bin });
    expect(await ended, name).toMatchObject({ code: 0, stderr: "" });
  }
  const byPath = project.start("sh", ["-c", "mm exec true"], { env: { PATH: `${bin}:${project.env.PATH}` } });
  expect(await byPath.ended).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(bin).sort()).toEqual(["absolute", "folder", "mm", "one"]);
  expect(project.installations).toBe(1);
});

describe("in a folder of another user", () => {
  const theirs = (args = ["exec", "true"]) =>
    project.machine(args, { uid: NOBODY, env: { HOME: "/nonexistent" } });

  test("what is installed is used, by whatever it was installed", async () => {
    await nothing();
    expect(await theirs()).toMatchObject({ code: 0, stderr: "" });
    project.npmCi();
    expect(await theirs()).toMatchObject({ code: 0, stderr: "" });
  });

  test("what is not is reported, with who can do it", async () => {
    expect(await theirs()).toMatchObject({
      code: 1,
      stderr: `machine: this project's packages are not installed, and you may not write in ${project.root}\nFix: have the owner of that folder run ./machine exec true, or use a clone of your own\n`,
    });
    await nothing();
    project.lock("2.0.0");
    expect((await theirs()).stderr).toContain(
      "are not those of its package-lock.json, and you may not write",
    );
  });

  test("what another user installed in a folder of one's own is used, and one that cannot be exchanged is named", async () => {
    chownSync(project.root, NOBODY, NOBODY);
    project.npmCi();
    expect(await theirs()).toMatchObject({ code: 0, stderr: "" });
    expect(await theirs()).toMatchObject({ code: 0, stderr: "" });
    chmodSync(project.folder, 0o777); // where the npm of this test writes its log
    project.lock("2.0.0");
    const { code, stderr } = await theirs();
    expect(stderr).toContain(
      `it belongs to another user\nFix: sudo chown -R "$(id -u)" '${inProject("node_modules")}'`,
    );
    expect(code).toBe(1);
    expect(project.leftovers).toEqual([]);
  });

  test("a folder that nothing may be written to for another reason is used as well", async () => {
    await nothing();
    execFileSync("mount", ["--bind", project.root, project.root]);
    try {
      execFileSync("mount", ["-o", "remount,bind,ro", project.root]);
      expect(await nothing()).toMatchObject({ code: 0, stderr: "" });
    } finally {
      execFileSync("umount", [project.root]);
    }
  });
});

test.each([["dash"], ["bash"]])("the script runs in %s", async (shell) => {
  const run = () => project.start(shell, [inProject("machine"), "exec", "true"]).ended;
  expect((await run()).code).toBe(0);
  expect(await run()).toMatchObject({ code: 0, stderr: "" });
  expect(project.installations).toBe(1);
});

test("npm itself installs everything, whatever the user's settings leave out", async () => {
  rmSync(join(project.folder, "bin", "npm"));
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package-lock.json"), "utf8"));
  const pick = (name: string) => ({ [`node_modules/${name}`]: packages[`node_modules/${name}`] });
  const version = (name: string) => ({ [name]: packages[`node_modules/${name}`].version });
  const about = {
    type: "module",
    dependencies: version("eta"),
    devDependencies: version("@types/tar-stream"),
    optionalDependencies: version(NODE_PACKAGE),
  };
  const locked = {
    "": about,
    ...pick("eta"),
    ...pick("@types/tar-stream"),
    ...pick("@types/node"),
    ...pick("undici-types"),
    ...pick(NODE_PACKAGE),
  };
  writeFileSync(inProject("package.json"), JSON.stringify(about));
  writeFileSync(
    inProject("package-lock.json"),
    JSON.stringify({ lockfileVersion: 3, requires: true, packages: locked }),
  );
  const home = join(project.folder, "home");
  mkdirSync(home);
  const userConfig = join(home, ".npmrc");
  const theirs = execFileSync("npm", ["config", "get", "userconfig"], { encoding: "utf8" }).trim();
  if (existsSync(theirs)) cpSync(theirs, userConfig);
  const wrong = [
    "omit[]=optional",
    "optional=false",
    "only=production",
    "package-lock=false",
    "dry-run=true",
  ];
  writeFileSync(
    userConfig,
    `${existsSync(userConfig) ? readFileSync(userConfig, "utf8") : ""}\n${wrong.join("\n")}\n`,
  );
  const cache = execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim();
  const env = {
    HOME: home,
    npm_config_userconfig: userConfig,
    npm_config_cache: cache,
    npm_config_omit: "optional dev",
    NPM_CONFIG_PRODUCTION: "true",
    NODE_ENV: "production",
  };
  const { code, stderr } = await nothing(env);
  expect(stderr.replaceAll(/^machine: npm ci … \d+ s\n/gm, "")).toMatch(
    /^machine: installing this project's packages .*\n$/,
  );
  expect(code).toBe(0);
  for (const name of ["eta", "@types/tar-stream", NODE_PACKAGE]) {
    expect(existsSync(inProject("node_modules", name, "package.json")), name).toBe(true);
  }
  expect(await nothing(env)).toMatchObject({ code: 0, stderr: "" });
});
