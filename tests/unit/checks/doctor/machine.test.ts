import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { clockFinding } from "../../../../checks/doctor/clock.ts";
import { clientFinding } from "../../../../checks/doctor/docker.ts";
import { folderFindings, lookAtFolder } from "../../../../checks/doctor/folders.ts";
import { gitFinding } from "../../../../checks/doctor/git.ts";
import { pulumiFinding } from "../../../../checks/doctor/pulumi.ts";
import { pythonFinding } from "../../../../checks/doctor/python.ts";
import { uvFinding } from "../../../../checks/doctor/uv.ts";
import { findOnPath } from "../../../../lib/find-program.ts";
import { machine } from "../../../../lib/remedy.ts";
import { pythonOfVenv } from "../../../../provision/steps/venv/interpreter.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("preflight-");
});

describe("the clock", () => {
  const clock = (seconds: number) => ({
    name: "the registry",
    theirs: new Date(1_000_000_000_000 + seconds * 1000),
    ours: new Date(1_000_000_000_000),
  });
  test.each([
    [300, "ok"],
    [301, "warning"],
    [-300, "ok"],
    [-301, "warning"],
  ])("%d s apart is %s", (seconds, level) => expect(clockFinding([clock(seconds)]).level).toBe(level));

  test("names the one that differs", () => {
    const engine = { ...clock(0), name: "the engine" };
    expect(clockFinding([engine, clock(7200)]).found).toBe(
      "this machine's clock and the registry's are 2 hours apart: TLS, tokens and apt fail with a wrong clock",
    );
    expect(clockFinding([]).level).toBe("ok");
  });
});

describe("programs", () => {
  test("a machine without the docker client is told so, with the remedy", () => {
    const there = join(folder, "docker");
    expect(clientFinding(findOnPath("docker", `/nowhere:${folder}`))).toMatchObject({
      level: "blocker",
      found: expect.stringContaining("there is no docker on PATH"),
      remedy: expect.stringMatching(/^Fix: install it/),
    });
    writeFileSync(there, "", { mode: 0o755 });
    expect(clientFinding(undefined, machine("up", "dev"))).toMatchObject({ level: "ok" });
    expect(clientFinding(findOnPath("docker", `/nowhere:${folder}`)).level).toBe("ok");
  });

  test("a docker that is podman's is none, also where one is brought after it", () => {
    const there = join(folder, "docker");
    // As Debian's podman-docker 4.3.1 has it.
    const script =
      '#!/bin/sh\n[ -e /etc/containers/nodocker ] || \\\necho "Emulate" >&2\nexec /usr/bin/podman "$@"\n';
    const podmans = {
      level: "blocker",
      found: expect.stringContaining(`docker is ${there}, which runs podman`),
    };
    writeFileSync(there, script, { mode: 0o755 });
    expect(clientFinding(there)).toMatchObject(podmans);
    expect(clientFinding(there, machine("up", "dev"))).toMatchObject(podmans);
    rmSync(there);
    writeFileSync(join(folder, "podman"), "", { mode: 0o755 });
    symlinkSync(join(folder, "podman"), there);
    expect(clientFinding(there)).toMatchObject(podmans);
  });

  test("git is needed to clone, and missed less where the checkout is there", () => {
    expect(gitFinding(undefined, "/c", false).level).toBe("blocker");
    expect(gitFinding(undefined, "/c", true).level).toBe("warning");
    const there = { file: "/bin/git", version: "git version 2.39.5" };
    expect(gitFinding(there, "/c", false).found).toBe("git version 2.39.5 (/bin/git)");
  });

  test("uv is got where it is missing or old", () => {
    expect(uvFinding({ version: "0.6.10", from: "PATH" }).found).toBe("uv 0.6.10, PATH");
    expect(uvFinding({ version: "0.6.9", from: "PATH" }).found).toMatch(/older than 0\.6\.10: .*gets it/);
    expect(uvFinding(undefined)).toMatchObject({
      level: "ok",
      found: expect.stringContaining("not there yet"),
    });
  });
});

describe("Python", () => {
  const facts = { request: "3.12", takes: ">=3.10", mayDownload: true };
  const other = { ...facts, search: { instead: "3.11.2 (/usr/bin/python3)" } };
  const good = { ...facts, search: { python: { path: "/p", version: "3.12.1" }, instead: "none" } };

  test("is found in the environment, on the machine, or got by uv", () => {
    expect(pythonFinding({ ...other, inVenv: "3.12.9" }, "lab").level).toBe("ok");
    expect(pythonFinding({ ...good, inVenv: "3.11.9" }, "lab").found).toMatch(/3\.12\.1 \(\/p\)/);
    expect(pythonFinding(other, "lab")).toMatchObject({
      level: "warning",
      found: expect.stringContaining("there is no Python 3.12 (3.11.2 (/usr/bin/python3))"),
      remedy: expect.stringMatching(/^Fix: .*set lab pythonVersion VERSION/s),
    });
    expect(pythonFinding({ ...other, mayDownload: false }, "lab").level).toBe("blocker");
    const download = { host: "m.example", trouble: undefined };
    expect(pythonFinding({ ...other, download }, "lab").found).toMatch(/download one from m\.example$/);
    expect(pythonFinding({ ...other, download: { ...download, trouble: "HTTP 404" } }, "lab")).toMatchObject({
      level: "blocker",
      found: expect.stringMatching(/from m\.example, which this machine cannot reach \(HTTP 404\)$/),
    });
  });

  test("that CooperBench does not take is told before uv refuses it", () => {
    const remedy = "Fix: ./machine set lab pythonVersion 3.12";
    const python = { path: "/p", version: "3.9.2" };
    for (const old of [{ request: "3.9" }, { request: ">=3.8", search: { python, instead: "none" } }])
      expect(pythonFinding({ ...facts, ...old }, "lab")).toMatchObject({ level: "blocker", remedy });
    expect(pythonFinding({ ...good, request: ">=3.9" }, "lab").level).toBe("ok");
  });

  test("of an environment that is not whole is no reason to say that all is well", () => {
    expect(pythonFinding({ ...good, fault: "its installation was cut off" }, "lab")).toMatchObject({
      level: "warning",
      found: expect.stringContaining("its installation was cut off"),
      remedy: expect.stringContaining("./machine up lab"),
    });
  });

  test.each([
    ["uv", "home = /usr/bin\nversion_info = 3.12.4\n", "3.12.4"],
    ["venv", "home = /usr/bin\nversion = 3.11.2\n", "3.11.2"],
    ["virtualenv", "version_info = 3.10.1.final.0\n", "3.10.1"],
    ["nobody", "home = /usr/bin\n", undefined],
  ])("of an environment by %s is read from its file", (_, text, version) => {
    writeFileSync(join(folder, "pyvenv.cfg"), text);
    expect(pythonOfVenv(folder)).toBe(version);
  });
});

describe("Pulumi", () => {
  const plugins = [{ name: "docker", version: "5.2.0" }];
  const pieces = (cli: string, docker: string) => [
    { name: "pulumi", version: cli, from: "PATH" },
    { name: "plugin docker", version: docker, from: "cache" },
  ];
  test.each([
    ["3.230.0", "5.2.0", "ok"],
    ["3.229.9", "5.2.0", "blocker"],
    ["3.274.1", "5.1.0", "warning"],
  ])("%s with plugin docker %s is %s", (cli, docker, level) =>
    expect(pulumiFinding(pieces(cli, docker), plugins).level).toBe(level),
  );

  test("that is not there yet is no fault", () => expect(pulumiFinding(undefined, plugins).level).toBe("ok"));
});

describe("folders", () => {
  const wanted = (path: string) => ({ purpose: "the checkout", path });

  test("that are there, or can be made, are good", async () => {
    const deep = join(folder, "a", "b");
    const facts = await Promise.all([folder, deep].map((path) => lookAtFolder(wanted(path))));
    expect(facts).toEqual([
      { ...wanted(folder), existing: folder },
      { ...wanted(deep), existing: folder },
    ]);
    expect(folderFindings(facts)).toMatchObject([{ level: "ok" }]);
  });

  test("that nobody makes have to be there", async () => {
    const missing = { ...wanted(join(folder, "a")), mustExist: true };
    expect((await lookAtFolder(missing)).fault).toMatch(/ENOENT/);
    expect((await lookAtFolder({ ...missing, path: folder })).fault).toBeUndefined();
  });

  test("below a file, or that may not be written to, are told with owner and mode", async () => {
    writeFileSync(join(folder, "file"), "", { mode: 0o644 });
    const facts = await lookAtFolder(wanted(join(folder, "file", "x")));
    expect(facts.fault).toMatch(/not a folder; owner \d+, mode 644/);
    const readOnly = {
      ...wanted("/srv/c"),
      existing: "/srv",
      fault: "EROFS; owner 0, mode 755; you are 1000",
    };
    expect(folderFindings([facts, readOnly])).toMatchObject([
      { level: "blocker" },
      {
        level: "blocker",
        found:
          "the checkout: /srv, where /srv/c is to be made, cannot be written to (EROFS; owner 0, mode 755; you are 1000)",
      },
    ]);
  });
});
