import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Owner } from "../../../../provision/ownership/owner.ts";
import { inspectVenv } from "../../../../provision/steps/venv/fault.ts";
import { ensureVenv, removeVenv } from "../../../../provision/steps/venv.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { anotherPython, makeTinyCooperbench, pathOfPython, putUvOnPath } from "./tiny-cooperbench.ts";

// uv and Python are run many times in each.
vi.setConfig({ testTimeout: 120_000 });

await putUvOnPath();
// For the tests of a Python that is not the wanted one.
const second = await anotherPython();
const other = second ?? { path: "", version: "" };
const testOfOther = test.skipIf(second === undefined);

let first: { path: string; version: string };
let base: string;
let folder: string;
let said: string[];

beforeAll(async () => {
  first = await pathOfPython(">=3.10");
  base = realpathSync(mkdtempSync(join(tmpdir(), "venv-")));
  process.env.UV_CACHE_DIR = join(base, "cache");
}, 300_000);
beforeEach(() => {
  said = [];
  folder = join(base, "CooperBench");
  makeTinyCooperbench(folder, first.path);
});
// The checkout stays where no test has moved it: what is built of it is in uv's cache then.
afterEach(() => {
  vi.unstubAllEnvs();
  for (const name of [...readdirSync(base), ...namesIn("CooperBench")]) {
    const isSource = /^(cache|CooperBench)(\/(pyproject\.toml|uv\.lock|backend\.py|src|packages))?$/.test(
      name,
    );
    if (!isSource) rmSync(join(base, name), { recursive: true });
  }
});
afterAll(() => rmSync(base, { recursive: true }));

const namesIn = (name: string) =>
  existsSync(join(base, name)) ? readdirSync(join(base, name)).map((entry) => join(name, entry)) : [];

const venv = () => join(folder, ".venv");
const inVenv = (...parts: string[]) => join(venv(), ...parts);
const site = (...parts: string[]) =>
  inVenv("lib", readdirSync(inVenv("lib"))[0] as string, "site-packages", ...parts);
const marker = () => JSON.parse(readFileSync(inVenv("cooperbench-machine.json"), "utf8"));
const writeMarkerText = (text: string) => writeFileSync(inVenv("cooperbench-machine.json"), text);
const minorOf = (version: string) => version.split(".").slice(0, 2).join(".");
const wanted = () => minorOf(first.version);

const ensure = ({ owner = lab1 as Owner, pythonVersion = wanted(), extras = ["dev"] } = {}) =>
  ensureVenv({ folder, owner, pythonVersion, extras }, (line) => said.push(line));
const remove = (owner: Owner = lab1) => removeVenv(folder, owner, (line) => said.push(line));
const inspect = (owner: Owner = lab1) => inspectVenv(folder, wanted(), owner);
const runs = () => execFileSync(inVenv("bin", "cooperbench"), { encoding: "utf8" }).trim();
const uv = (...args: string[]) => execFileSync("uv", args, { cwd: folder, stdio: "pipe" });
const makeByHand = () => {
  uv("venv", "--quiet", "--python", first.path, ".venv");
  uv("sync", "--quiet", "--frozen", "--extra", "dev", "--python", ".venv/bin/python");
};
/** As editors do: the file in uv's cache, which it may be a link to, stays as it is. */
const change = (file: string, text: string) => {
  rmSync(file, { force: true });
  writeFileSync(file, text);
};
const kept = () => readdirSync(folder).filter((name) => name.startsWith(".venv.kept-"));

describe("where there is nothing", () => {
  test("an environment is made that runs, and its marker says whose, where and what it has", async () => {
    expect(inspect()).toBe("it is missing");
    expect(await ensure()).toMatchObject({ venv: venv(), made: true, pythonVersion: first.version });
    expect(runs()).toBe("needed");
    expect(inspect()).toBeUndefined();
    expect(marker()).toEqual({
      ...lab1,
      path: venv(),
      changed: expect.stringMatching(/^\d{4}-/),
      packages: {
        "cooperbench-0.0.1.dist-info": "_cooperbench.pth",
        "needed-1.0.dist-info": "needed/__init__.py",
        "wanted-1.0.dist-info": "wanted/__init__.py",
      },
    });
  });

  test("what a step left that was cut off before its first word is nothing", async () => {
    mkdirSync(venv());
    writeFileSync(inVenv("cooperbench-machine.json.123.new"), '{"sta');
    expect(inspect()).toBe("it is missing");
    await ensure();
    expect(readdirSync(venv()).filter((name) => name.startsWith("cooperbench"))).toEqual([
      "cooperbench-machine.json",
    ]);
  });

  test("a folder with blanks, a quote and a long name does as well", async () => {
    folder = join(base, `It's "my" ${"long ".repeat(30)}folder`);
    makeTinyCooperbench(folder, first.path);
    const made = await ensure();
    expect(inspect()).toBeUndefined();
    expect(await ensure()).toEqual(made);
    expect(runs()).toBe("needed");
    await remove();
    expect(existsSync(venv())).toBe(false);
  });

  test("a checkout without a uv.lock is installed by its requirements", async () => {
    rmSync(join(folder, "uv.lock"));
    const made = await ensure();
    expect(inspect()).toBeUndefined();
    expect(runs()).toBe("needed");
    expect(await ensure()).toEqual(made);
    rmSync(site("needed"), { recursive: true });
    expect(await ensure()).toMatchObject({ made: true });
    expect(runs()).toBe("needed");
  });

  test("the second time changes nothing", async () => {
    const first = await ensure();
    expect(await ensure()).toEqual(first);
  });

  test.each([
    ["UV_PYTHON", () => other.path || join(base, "nowhere", "python")],
    ["UV_PROJECT_ENVIRONMENT", () => join(base, "elsewhere")],
    ["VIRTUAL_ENV", () => join(base, "elsewhere")],
    ["UV_NO_EDITABLE", () => "1"],
    ["UV_LOCKED", () => "1"],
    ["UV_SYSTEM_PYTHON", () => "1"],
    ["UV_VENV_RELOCATABLE", () => "1"],
    ["PYTHONPATH", () => base],
  ])("%s of the user's shell changes nothing of it", async (name, value) => {
    vi.stubEnv(name, value());
    expect(await ensure()).toMatchObject({ pythonVersion: first.version });
    expect(existsSync(join(base, "elsewhere"))).toBe(false);
    expect(await ensure()).toMatchObject({ made: true });
    expect(said.filter((line) => line.startsWith("making"))).toHaveLength(1);
    expect(inspect()).toBeUndefined();
  });

  testOfOther("a pin of the user's, above and beside the checkout, changes nothing of it", async () => {
    mkdirSync(join(base, "config", "uv"), { recursive: true });
    vi.stubEnv("XDG_CONFIG_HOME", join(base, "config"));
    for (const file of [join(base, "config", "uv", ".python-version"), join(folder, ".python-version")])
      writeFileSync(file, `${minorOf(other.version)}\n`);
    await ensure();
    expect(await ensure()).toMatchObject({ made: true, pythonVersion: first.version });
  });

  test.each(["only-managed", "only-system"])(
    "python-preference %s of the user's changes nothing of it",
    async (value) => {
      mkdirSync(join(base, "config", "uv"), { recursive: true });
      vi.stubEnv("XDG_CONFIG_HOME", join(base, "config"));
      writeFileSync(join(base, "config", "uv", "uv.toml"), `python-preference = "${value}"\n`);
      const made = await ensure();
      expect(made).toMatchObject({ pythonVersion: first.version });
      expect(await ensure()).toEqual(made);
    },
  );

  test("a Python that the checkout does not suit is refused as uv would, before anything is changed", async () => {
    writeFileSync(
      join(folder, "pyproject.toml"),
      readFileSync(join(folder, "pyproject.toml"), "utf8").replace(">=3.10", ">=3.99"),
    );
    writeFileSync(
      join(folder, "uv.lock"),
      readFileSync(join(folder, "uv.lock"), "utf8").replace(">=3.10", ">=3.99"),
    );
    expect(() => uv("sync", "--frozen", "--check", "--python", first.path)).toThrow(
      /incompatible with the project's Python requirement: `>=3\.99`/,
    );
    await expect(ensure()).rejects.toThrow(
      /requires Python >=3\.99\. Nothing was changed\nFix: \.\/machine set lab-1 pythonVersion/,
    );
    expect(existsSync(venv())).toBe(false);
  });

  testOfOther("another Python is refused without a change of the environment that is there", async () => {
    await ensure();
    const before = marker();
    for (const file of ["pyproject.toml", "uv.lock"]) {
      const path = join(folder, file);
      const version = minorOf(other.version);
      writeFileSync(path, readFileSync(path, "utf8").replace(">=3.10", `>=3.10, !=${version}.*`));
    }
    await expect(ensure({ pythonVersion: minorOf(other.version) })).rejects.toThrow(
      "cannot run the CooperBench",
    );
    expect(marker()).toEqual(before);
    expect(runs()).toBe("needed");
  });
});

describe("an environment that the stack made is seen at fault, and made whole by one more update:", () => {
  beforeEach(() => ensure());

  test.each<[string, () => unknown, RegExp]>([
    [
      "a package's files are gone",
      () => rmSync(site("needed"), { recursive: true }),
      /needed-1\.0 is not whole/,
    ],
    [
      "a package is gone",
      () => {
        rmSync(site("needed"), { recursive: true });
        rmSync(site("needed-1.0.dist-info"), { recursive: true });
      },
      /needed-1\.0 is not whole/,
    ],
    ["its command is gone", () => rmSync(inVenv("bin", "cooperbench")), /no bin\/cooperbench/],
    [
      "its Python is gone",
      () => {
        rmSync(inVenv("bin", "python"));
        symlinkSync(join(base, "gone"), inVenv("bin", "python"));
      },
      /no bin\/python that runs/,
    ],
    ["its pyvenv.cfg is empty", () => writeFileSync(inVenv("pyvenv.cfg"), ""), /names no Python/],
    [
      "its cooperbench is another's",
      () => {
        const file = site("cooperbench-0.0.1.dist-info", "direct_url.json");
        writeFileSync(file, readFileSync(file, "utf8").replace("/CooperBench", "/Other"));
      },
      /its cooperbench is that of .*\/Other/,
    ],
    [
      "an update was cut off in it",
      () => {
        const { changed: _, ...cut } = marker();
        writeMarkerText(
          JSON.stringify({ ...cut, intent: { of: "stack", maker: "unknown", since: 0, otherFiles: [] } }),
        );
      },
      /was cut off/,
    ],
  ])("%s", async (_, damage, finding) => {
    damage();
    expect(inspect()).toMatch(finding);
    expect(await ensure()).toMatchObject({ made: true });
    expect(inspect()).toBeUndefined();
    expect(runs()).toBe("needed");
    expect(kept()).toEqual([]);
  });

  test("all packages are gone: it is kept, as nothing tells any more whose its programs are", async () => {
    rmSync(site(), { recursive: true });
    expect(inspect()).toBe("it has no site-packages");
    expect(await ensure()).toMatchObject({ made: true });
    expect(runs()).toBe("needed");
    expect(kept()).toHaveLength(1);
  });

  test("its checkout lacks the package: told, with what restores it", async () => {
    rmSync(join(folder, "src", "cooperbench"), { recursive: true });
    expect(inspect()).toMatch(/src\/cooperbench, is not there/);
    await expect(ensure()).rejects.toThrow(`Fix: git -C ${folder} checkout HEAD -- src`);
  });

  test("packages that the user added stay where it is put right, as does what uv is told to leave", async () => {
    uv("pip", "uninstall", "--quiet", "--python", venv(), "wanted");
    makeAdded();
    expect(await ensure()).toMatchObject({ made: true });
    expect(existsSync(site("added", "__init__.py"))).toBe(true);
    expect(existsSync(site("wanted", "__init__.py"))).toBe(true);
  });

  test("another extra is installed in its place", async () => {
    const { changed } = marker();
    uv("pip", "uninstall", "--quiet", "--python", venv(), "wanted");
    expect((await ensure({ extras: [] })).changed).not.toBe("before");
    expect(marker().changed >= changed).toBe(true);
  });

  testOfOther("of another Python it is made again, with that", async () => {
    const pythonVersion = minorOf(other.version);
    expect(inspectVenv(folder, pythonVersion, lab1)).toMatch(/it has Python .*, not /);
    expect(await ensure({ pythonVersion })).toMatchObject({
      made: true,
      pythonVersion: other.version,
    });
    expect(readdirSync(inVenv("lib"))).toEqual([`python${pythonVersion}`]);
  });

  testOfOther("and packages that the user added are named then", async () => {
    makeAdded();
    await ensure({ pythonVersion: minorOf(other.version) });
    expect(said.join("\n")).toContain("are not in the new one: added-1.0");
    expect(kept()).toEqual([]);
  });

  test("while it is activated, too", async () => {
    vi.stubEnv("VIRTUAL_ENV", venv());
    vi.stubEnv("PATH", `${inVenv("bin")}:${process.env.PATH}`);
    writeFileSync(
      inVenv("pyvenv.cfg"),
      readFileSync(inVenv("pyvenv.cfg"), "utf8").replace(/^version.*$/m, ""),
    );
    expect(inspect()).toBe("its pyvenv.cfg names no Python");
    expect(await ensure()).toMatchObject({ made: true });
    expect(runs()).toBe("needed");
  });

  testOfOther("files of the user's in it are kept, and named, where it is made again", async () => {
    writeFileSync(inVenv("notes.txt"), "mine");
    change(site("needed", "__init__.py"), "name = 'changed by me'\n");
    await ensure({ pythonVersion: minorOf(other.version) });
    expect(kept()).toHaveLength(1);
    expect(readFileSync(join(folder, kept()[0] as string, "notes.txt"), "utf8")).toBe("mine");
    expect(said.join("\n")).toMatch(
      /did not make \(lib\/.*needed\/__init__\.py, notes\.txt\), so it is kept as/,
    );
  });
});

function makeAdded(): void {
  const name = "added";
  cpSync(join(folder, "packages", "needed"), join(base, name), { recursive: true });
  const file = join(base, name, "pyproject.toml");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("needed", name));
  uv("pip", "install", "--quiet", "--python", venv(), join(base, name));
}

describe("a checkout that is", () => {
  const move = (copy: boolean) => {
    const from = folder;
    folder = join(base, "Moved");
    if (copy) cpSync(from, folder, { recursive: true, verbatimSymlinks: true });
    else renameSync(from, folder);
    return join(from, ".venv");
  };

  test("moved has its environment made again", async () => {
    await ensure();
    const from = move(false);
    expect(inspect()).toBe(`it was made in ${from}, and its programs look for it there`);
    expect(await ensure()).toMatchObject({ made: true });
    expect(inspect()).toBeUndefined();
    expect(runs()).toBe("needed");
    expect(kept()).toEqual([]);
  });

  test("moved is removed, too", async () => {
    await ensure();
    move(false);
    await remove();
    expect(existsSync(venv())).toBe(false);
  });

  test("copied has a copy that is the user's: named, kept, and never removed", async () => {
    await ensure();
    const from = move(true);
    expect(inspect()).toMatch(`it is a copy of ${from}`);
    await remove();
    expect(existsSync(inVenv("bin", "cooperbench"))).toBe(true);
    expect(said.at(-1)).toBe(`${venv()} is left: it is a copy of ${from}`);
    await ensure();
    expect(runs()).toBe("needed");
    expect(kept()).toHaveLength(1);
    expect(said.join("\n")).toContain(`it is a copy of ${from}`);
    expect(existsSync(join(from, "bin", "cooperbench"))).toBe(true);
  });
});

describe("an environment that was there before", () => {
  test("is used where it is good, has no marker, and stays", async () => {
    makeByHand();
    expect(inspect()).toBeUndefined();
    expect(await ensure()).toMatchObject({
      made: false,
      changed: "before",
      pythonVersion: first.version,
    });
    expect(existsSync(inVenv("cooperbench-machine.json"))).toBe(false);
    await remove();
    expect(runs()).toBe("needed");
  });

  test.each<[string, () => unknown]>([
    ["its command", () => rmSync(inVenv("bin", "cooperbench"))],
    ["a package", () => rmSync(site("needed"), { recursive: true })],
    ["what the lock wants", () => uv("pip", "uninstall", "--quiet", "--python", venv(), "wanted")],
  ])("is put right in its place where it lacks %s, and stays the user's", async (_, damage) => {
    makeByHand();
    writeFileSync(inVenv("mine"), "");
    damage();
    expect(await ensure()).toMatchObject({ made: false });
    expect(runs()).toBe("needed");
    expect(existsSync(inVenv("mine"))).toBe(true);
    expect(existsSync(inVenv("cooperbench-machine.json"))).toBe(false);
    expect(inspect()).toBeUndefined();
  });

  testOfOther("is kept under another name where it is of another Python", async () => {
    uv("venv", "--quiet", "--python", other.path, ".venv");
    writeFileSync(inVenv("mine"), "");
    expect(await ensure()).toMatchObject({ made: true });
    expect(existsSync(join(folder, kept()[0] as string, "mine"))).toBe(true);
  });

  test.each(["", "{", "null", '{"stack":1}'])(
    "with the marker %j is the user's, and that is told",
    async (text) => {
      await ensure();
      writeMarkerText(text);
      expect(inspect()).toBeUndefined();
      expect(await ensure()).toMatchObject({ made: false });
      expect(said.at(-1)).toMatch(/cooperbench-machine\.json cannot be read/);
      await remove();
      expect(said.at(-1)).toMatch(/is left: .*cannot be read/);
      expect(runs()).toBe("needed");
    },
  );

  test("a link to one is used, and neither it nor the other is removed", async () => {
    await ensure();
    renameSync(venv(), join(base, "kept"));
    symlinkSync(join(base, "kept"), venv());
    await remove();
    expect(readdirSync(join(base, "kept"))).toContain("bin");
    expect(readdirSync(folder)).toContain(".venv");
  });
});

describe("another stack's environment", () => {
  beforeEach(() => ensure({ owner: lab2 }));

  test("is used where it is good, and stays", async () => {
    expect(await ensure()).toMatchObject({ made: false });
    await remove();
    expect(said.at(-1)).toBe(`${venv()} is left: stack lab-2 has taken it over`);
    expect(runs()).toBe("needed");
  });

  testOfOther("is refused, and left as it is, where it is not", async () => {
    await expect(ensure({ pythonVersion: minorOf(other.version) })).rejects.toThrow(
      /belongs to stack lab-2, and it has Python .*\nFix: .*\n +\.\/machine set lab-1 cooperbenchDir/,
    );
    expect(runs()).toBe("needed");
    expect(await ensure({ owner: lab2 })).toMatchObject({ made: true });
  });
});

describe("an update that was cut off", () => {
  const cutOff = (owner: Owner, of: "stack" | "user") => {
    const intent = { of, maker: "unknown", since: 0, otherFiles: [] };
    writeMarkerText(JSON.stringify({ ...owner, path: venv(), intent }));
  };

  test("in an environment of the user's is done again, and leaves it the user's", async () => {
    makeByHand();
    cutOff(lab1, "user");
    rmSync(site("needed", "more.py"));
    expect(inspect()).toBe("an update was cut off while it worked on it");
    expect(await ensure()).toMatchObject({ made: false });
    expect(existsSync(site("needed", "more.py"))).toBe(true);
    expect(existsSync(inVenv("cooperbench-machine.json"))).toBe(false);
    cutOff(lab1, "user");
    await remove();
    expect(runs()).toBe("needed");
  });

  test("in one of the user's whose Python is gone moves it aside", async () => {
    makeByHand();
    cutOff(lab1, "user");
    rmSync(inVenv("bin", "python"));
    expect(await ensure()).toMatchObject({ made: true });
    expect(kept()).toHaveLength(1);
  });

  test("in another stack's is that stack's to do again", async () => {
    await ensure({ owner: lab2 });
    cutOff(lab2, "stack");
    expect(inspect()).toMatch("was cut off, or is under way");
    await expect(ensure()).rejects.toThrow("belongs to stack lab-2");
    expect(await ensure({ owner: lab2 })).toMatchObject({ made: true });
  });
});

describe("an environment from before stacks had ids", () => {
  const changed = "2026-01-01T00:00:00.000Z";
  beforeEach(async () => {
    makeByHand();
    writeMarkerText(JSON.stringify({ stack: lab1.stack, changed }));
  });

  test("is adopted as it is, with a line, once", async () => {
    expect(await ensure()).toMatchObject({ made: true, changed });
    expect(marker()).toMatchObject({ ...lab1, path: venv(), changed, packages: expect.any(Object) });
    expect(said).toHaveLength(1);
    await ensure();
    expect(said).toHaveLength(1);
  });

  test("is put right where its installation was cut off", async () => {
    rmSync(site("needed", "more.py"));
    expect(await ensure()).toMatchObject({ made: true });
    expect(existsSync(site("needed", "more.py"))).toBe(true);
    expect(marker()).toMatchObject({ ...lab1, path: venv() });
  });

  test("is another's where the name is", async () => {
    expect(await ensure({ owner: lab2 })).toMatchObject({ made: false });
    await remove(lab2);
    expect(runs()).toBe("needed");
  });
});

describe("removal", () => {
  test("takes all that was made, with the caches that runs have left, and can be repeated", async () => {
    await ensure();
    runs();
    mkdirSync(site("needed", "__pycache__"), { recursive: true });
    writeFileSync(site("needed", "__pycache__", "x.cpython-312.pyc"), "");
    const before = readdirSync(folder).filter((name) => name !== ".venv");
    await remove();
    expect(said.filter((line) => line.includes("is left"))).toEqual([]);
    expect(readdirSync(folder)).toEqual(before);
    await remove();
  });

  test.each<[string, () => string]>([
    ["a file of the user's", () => inVenv("notes.txt")],
    ["a file among the packages", () => site("needed", "mine.py")],
    ["a changed file", () => site("needed", "more.py")],
    ["a script", () => inVenv("bin", "mine")],
  ])("stops at %s, and names it", async (_, file) => {
    await ensure();
    change(file(), "mine");
    await remove();
    expect(said.at(-1)).toContain(`did not make (${file().slice(venv().length + 1)})`);
    expect(runs()).toBe("needed");
    expect(await ensure()).toMatchObject({ made: true });
  });

  test("of another stack's is none", async () => {
    await ensure();
    await remove(lab2);
    expect(runs()).toBe("needed");
  });

  test("that was cut off is finished by the next step", async () => {
    await ensure();
    const aside = `${venv()}.removing-Abc123`;
    renameSync(venv(), aside);
    rmSync(join(aside, "lib"), { recursive: true });
    mkdirSync(`${venv()}.removing-Def456`);
    await remove();
    expect(readdirSync(folder).filter((name) => name.includes("removing"))).toEqual([]);
  });
});
