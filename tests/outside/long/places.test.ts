/** What github.com and get.pulumi.com may do to a new stack. */
import { execFileSync } from "node:child_process";
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheFolder } from "../../../lib/cache-folder.ts";
import { Visitor } from "../visitor.ts";
import { cutting, hangingUp, refusing, type Site } from "../web.ts";
import { OutsideWorld } from "../world.ts";

let world: OutsideWorld;
beforeAll(async () => {
  world = await OutsideWorld.make();
});
afterAll(() => world.close());

const key = { COHERE_API_KEY: "key-of-a-test" };

describe("github.com", () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = new Visitor(world, "home");
    const { code, stderr } = await visitor.machine(["new", "lab"], key);
    expect(code, stderr).toBe(0);
    visitor.configure("lab", { pythonVersion: ">=3.10", tasks: ["go_chi_task"] });
  });
  const machine = (...args: readonly string[]) => visitor.machine(args);
  const as = <Result>(site: Site, act: () => Promise<Result>) => world.web.during("github.com", site, act);

  test.each([
    ["refuses", refusing(403), /The requested URL returned error: 403/],
    ["hangs up", hangingUp, /unable to access/],
  ] as const)(
    "that %s keeps doctor from saying yes, and up from changing anything",
    async (_, site, says) => {
      const [doctor, up] = await as(site, async () => [
        await machine("doctor", "lab"),
        await machine("up", "lab"),
      ]);
      expect(doctor?.stdout).toMatch(/BLOCKER +source +https:\/\/github\.com\/cooperbench\/CooperBench\.git/);
      expect(doctor?.stdout).toMatch(says);
      expect(doctor?.code).toBe(1);
      expect(up?.stderr).toMatch(/the machine is not ready, and nothing was changed/);
      expect(up?.stderr).toMatch(says);
      expect(up?.stderr).toMatch(/Fix: /);
      expect(up?.code).toBe(1);
    },
  );

  test("without the wanted commit is told so, with the setting that names it", async () => {
    visitor.configure("lab", { cooperbenchCommit: "1234567890".repeat(4) });
    const { code, stderr } = await machine("up", "lab");
    expect(stderr).toMatch(/has no commit 1234567890\S+, which the setting cooperbenchCommit names/);
    expect(code).toBe(1);
    const plain = await machine("pulumi", "up", "--yes", "--skip-preview", "--stack", "lab");
    expect(plain.stdout + plain.stderr).toMatch(
      /does not give commit 1234567890\S+ \(setting cooperbenchCommit\)/,
    );
    expect(plain.code).not.toBe(0);
    visitor.configure("lab", { cooperbenchCommit: "" });
  });

  test("that cuts the repository off once is asked again by the same up", async () => {
    const usual = world.web.sites.get("github.com") as Site;
    let cuts = 0;
    const once: Site = (request, response, url) => {
      const isPack = request.method === "POST" && url.pathname.endsWith("git-upload-pack");
      const site = isPack && cuts === 0 ? cutting(usual, 20_000, () => (cuts += 1)) : usual;
      return site(request, response, url);
    };
    const { code, stdout } = await as(once, () => machine("up", "lab"));
    expect(cuts).toBe(1);
    expect(stdout).toContain("CooperBench 0.0.29 in");
    expect(code, stdout).toBe(0);
    expect((await machine("destroy", "lab")).code).toBe(0);
  });

  test("a version is the commit of its tag, be it one with a text, and without one of the release's files", async () => {
    const repository = join(world.folder, "git", "cooperbench", "CooperBench.git");
    const source = (...args: string[]) =>
      execFileSync("git", ["-C", repository, ...args], { encoding: "utf8" }).trim();
    const tag = source("rev-parse", "refs/tags/v0.0.29");
    const newest = source("rev-parse", "refs/tags/v0.0.29^{commit}");
    const older = source("rev-parse", "refs/tags/v0.0.11^{commit}");
    const take = async (version: string) => {
      visitor.configure("lab", { cooperbenchVersion: version });
      const { code, stdout, stderr } = await machine("up", "lab");
      expect(code, stdout + stderr).toBe(0);
      const output = await machine("pulumi", "stack", "output", "cooperbench", "--json", "--stack", "lab");
      return (JSON.parse(output.stdout) as { commit: string }).commit;
    };
    source("update-ref", "-d", "refs/tags/v0.0.29");
    expect(await take("0.0.29")).toBe(newest);
    source("update-ref", "refs/tags/v0.0.29", tag);
    expect(await take("0.0.11")).toBe(older);
    expect(await take("0.0.29")).toBe(newest);
    visitor.configure("lab", { cooperbenchVersion: "0.0.28" });
    expect((await machine("up", "lab")).stdout).toMatch(
      /no tag v0\.0\.28, and no commit of its default branch holds the files of its release/,
    );
    visitor.configure("lab", { cooperbenchVersion: "0.0.29" });
    expect((await machine("destroy", "lab")).code).toBe(0);
  });
});

describe("get.pulumi.com", () => {
  let usual: Site;
  /** It answers the question whether it is there, and gives some things. */
  const only =
    (gives: RegExp, otherwise: Site): Site =>
    (request, response, url) => {
      const site = request.method === "HEAD" || gives.test(url.pathname) ? usual : otherwise;
      return site(request, response, url);
    };
  beforeAll(() => {
    usual = world.web.sites.get("get.pulumi.com") as Site;
  });
  const make = (visitor: Visitor, site: Site, env = {}) =>
    world.web.during("get.pulumi.com", site, () => visitor.machine(["new", "lab"], { ...key, ...env }));

  /** Somebody who would build the closed-network set, as this machine has it already. */
  function builder(name: string): Visitor {
    const visitor = new Visitor(world, name);
    const built = readdirSync(cacheFolder()).filter((entry) => /^pulumi-(3|resource)/.test(entry));
    for (const entry of built)
      symlinkSync(join(cacheFolder(), entry), join(visitor.folder, "cache", "cooperbench-machine", entry));
    return visitor;
  }

  test("that refuses once it was reached is told, and the closed-network set is used", async () => {
    const visitor = builder("without-cli");
    const { code, stderr } = await make(visitor, only(/none/, refusing(403)));
    expect(stderr).toMatch(/get\.pulumi\.com: reached/);
    expect(stderr).toMatch(/the official installation of Pulumi \S+ failed: .*403/);
    expect(code, stderr).toBe(0);
    const { stdout } = await visitor.machine(["doctor", "lab"]);
    expect(stdout).toMatch(/ok +pulumi .*closed-network set.*closed-network set.*closed-network set/);
  });

  test("that refuses the plugins alone leaves the CLI that it gave", async () => {
    const visitor = builder("without-plugins");
    const { code, stderr } = await make(visitor, only(/install\.sh|sdk/, refusing(403)));
    expect(stderr).toMatch(/403 HTTP error fetching plugin from https:\/\/get\.pulumi\.com/);
    expect(code, stderr).toBe(0);
    const { stdout } = await visitor.machine(["doctor", "lab"]);
    expect(stdout).toMatch(/ok +pulumi .*official installation.*closed-network set.*closed-network set/);
  });

  test("that cuts the archive off is told without a stack where nothing else is wanted, and asked again", async () => {
    const visitor = new Visitor(world, "official");
    const official = { COOPERBENCH_TOOLCHAIN: "official" };
    const cut = await make(visitor, only(/install\.sh/, cutting(usual, 2_000_000)), official);
    expect(cut.stderr).toMatch(
      /machine: the official installation of Pulumi \S+ failed: .*\nFix: run the command again/s,
    );
    expect(cut.stderr).not.toMatch(/^ +at /m);
    expect(cut.code).toBe(1);
    const again = await make(visitor, usual, official);
    expect(again.code, again.stderr).toBe(0);
  });
});
