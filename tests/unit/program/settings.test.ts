import { symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { defaultRedisImage } from "../../../benchmark/service-images.ts";
import { configurationOf, encrypted } from "../../../program/configuration.ts";
import { parseSettings, SettingsError } from "../../../program/settings.ts";
import { configurationWith, programConfiguration } from "../../configuration.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const parse = (values: Record<string, unknown> = {}) => parseSettings("lab-1", configurationWith(values));

function faultsOf(values: Record<string, unknown>): readonly string[] {
  try {
    parse(values);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).faults.map(({ found }) => found);
  }
  return [];
}

describe("default settings", () => {
  test("are good with nothing but a key, and choose the 26 images of lite", () => {
    const settings = parse();
    expect(settings.tasks).toHaveLength(26);
    expect(settings.modelApiBase).toBe("https://stg.api.cohere.com/v2");
    expect(settings.pythonVersion).toBe("3.12");
    expect(settings.cooperbenchDir).toBe("repos/CooperBench");
  });

  test("are read the same from Pulumi's strings as from a settings file", () => {
    const values = {
      subset: "full",
      tasks: ["dspy_task"],
      probeTimeoutSeconds: 5,
      oracleTasks: 3,
      cooperbenchExtras: [],
      coop: true,
      git: true,
      redisPort: 6380,
    };
    expect(parseSettings("lab-1", configurationOf(programConfiguration(values)))).toEqual(parse(values));
  });

  test("have what an old stack calls by an old name, and say what it is called by now", () => {
    const values = { smoke: 5, smokeTimeoutSeconds: 60 };
    const old = parseSettings("lab-1", configurationOf(programConfiguration(values)));
    expect(old).toMatchObject({ oracleTasks: 5, oracleTimeoutSeconds: 60 });
    expect(old.called[0]).toEqual({
      found: "the setting smoke is now called oracleTasks",
      remedies: { command: ["./machine", "set", "lab-1", "oracleTasks", "5"] },
    });
    expect(faultsOf({ smoke: "many" })).toEqual([expect.stringMatching(/^oracleTasks: got "many"/)]);
    expect(faultsOf({ smoke: 5, oracleTasks: 4 })).toEqual([
      "smoke and oracleTasks: both are given, and smoke is the old name of oracleTasks",
    ]);
  });

  test("take an encrypted key as a key", () => {
    expect(parse({ cohereApiKey: encrypted }).cohereApiKey).toBe(encrypted);
  });
});

test("the image of Redis is what CooperBench starts, pinned by the lock, or by a digest of its own", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  expect(parse().redisImage).toEqual({ image: defaultRedisImage });
  expect(parse({ redisImage: `redis:7@${digest}` }).redisImage).toEqual({
    image: "redis:7",
    locked: { digest },
  });
});

test.each([
  ["mirror.example.org", true],
  ["mirror.example.org/docker-hub", true],
  ["nas:5000/dockerhub", true],
  ["localhost/dockerhub", true],
  ["", true],
  ["nas/dockerhub", false],
  ["nas", false],
  ["localhosts/dockerhub", false],
])("the mirror %j is a registry's host, and no user of Docker Hub's: %s", (registryMirror, isGood) => {
  expect(faultsOf({ registryMirror }).length === 0).toBe(isGood);
});

describe("a port for Redis that is in a file", () => {
  let folder: string;
  let redisPort: string;
  beforeEach(() => {
    folder = temporaryFolder("settings-");
    redisPort = join(folder, "redis.port");
  });
  const read = () =>
    parseSettings("lab-1", configurationWith({ redisPort }), { file: resolve, engine: String }).redisPort;

  test("is read where files are", () => {
    writeFileSync(redisPort, "23456\n");
    expect(read()).toBe(23_456);
    expect(parseSettings("lab-1", configurationWith({ redisPort })).redisPort).toBe(0);
  });

  test.each([undefined, "", "0", "70000", "port"])("is a fault where the file has %j", (text) => {
    if (text !== undefined) writeFileSync(redisPort, text);
    expect(read).toThrow(`redisPort: got ${redisPort}, which has none; want a port`);
  });
});

describe("faults", () => {
  test("are all in one message, each with what it got, what it wants and the command that mends it", () => {
    expect.assertions(2);
    try {
      parse({ subset: "lte", modelApiBase: "nope", cohereApiKey: "", colour: "red" });
    } catch (error) {
      expect((error as SettingsError).faults).toHaveLength(4);
      expect((error as Error).message.split("\n")).toEqual([
        "the settings of stack lab-1 have 4 faults. Nothing was changed.",
        "  cohereApiKey: got nothing; want a key of printable ASCII characters without spaces, quotes, backslashes and ${",
        "  Fix: ./machine set lab-1 cohereApiKey",
        '  modelApiBase: got "nope"; want an http or https URL without user, query, trailing slash or /chat',
        "  Fix: ./machine set lab-1 modelApiBase https://stg.api.cohere.com/v2",
        '  subset: got "lte"; want one of lite, flash, full',
        "  Fix: ./machine set lab-1 subset lite",
        expect.stringMatching(/^ {2}colour: no such setting; want one of cohereApiKey, /),
        "  Fix: ./machine pulumi config rm colour --stack lab-1",
      ]);
    }
  });

  test("of a list are mended by making it anew", () => {
    const [fault] = faultsOf({ tasks: [5, null, { a: 1 }] });
    expect(fault).toMatch(/^tasks: got \[5,null,\{"a":1\}\]; want a list .*\n?/);
    expect(() => parse({ tasks: [5] })).toThrow("  Fix: ./machine set lab-1 tasks dspy_task/8394");
  });

  test.each([
    ["modelApiBase", "https://api.cohere.com/v2/chat", "https://api.cohere.com/v2"],
    ["modelApiBase", "https://me:pw@api.cohere.com/v2/?q", "https://api.cohere.com/v2"],
    ["modelApiBase", "ftp://a.example", "https://stg.api.cohere.com/v2"],
    ["dockerHost", "/srv/docker.sock", "unix:///srv/docker.sock"],
    ["dockerHost", "unix:/srv/docker.sock", "unix:///srv/docker.sock"],
    ["dockerHost", "lab", "unix:///var/run/docker.sock"],
  ])("name what was meant by %s %s, and no other setting", (key, value, meant) => {
    expect(() => parse({ coop: true, [key]: value })).toThrow(
      new RegExp(` a fault\\. .*\\n.*\\n {2}Fix: ./machine set lab-1 ${key} ${meant}$`),
    );
  });

  test("name a key that is empty", () => {
    expect(() => parse({ "": "a" })).toThrow(
      /^ {2}"": no such setting; .*\n {2}Fix: .* config rm '' --stack/m,
    );
  });

  test("a missing key is one", () => {
    const { cohereApiKey: _, ...rest } = configurationWith();
    expect(() => parseSettings("lab-1", rest)).toThrow(/cohereApiKey: got nothing/);
  });

  test.each(["ends-in\\", "has'one", 'has"one', "has$" + "{HOME}in", "has one"])(
    "a key that not every python-dotenv reads back is one: %s",
    (cohereApiKey) => {
      expect(faultsOf({ cohereApiKey }).join()).toContain("without spaces, quotes, backslashes and");
    },
  );

  test("never show the key", () => {
    expect(faultsOf({ cohereApiKey: "canary with a space" }).join()).not.toContain("canary");
  });

  test("name tasks that the subset or the benchmark does not have", () => {
    const [fault] = faultsOf({ tasks: ["dspy_task/8563", "dspy_taks/8394", "dspy_task/8394"] });
    expect(fault).toContain(
      "dspy_task/8563, which is not in subset lite, dspy_taks/8394, which is no task of the benchmark (did you mean dspy_task/8394?); want ",
    );
  });

  test("name a git server without Redis, and an address that means another machine than the engine's", () => {
    expect(faultsOf({ git: true })).toEqual([
      expect.stringMatching(/git: got true with coop false; want true, with coop true as well/),
    ]);
    const remote = { coop: true, dockerHost: "ssh://me@lab" };
    expect(faultsOf(remote)).toEqual([
      expect.stringMatching(
        /redisHost: got 127\.0\.0\.1 with an engine at ssh:\/\/me@lab; want an IPv4 address of/,
      ),
    ]);
    expect(faultsOf({ ...remote, redisHost: "10.0.0.5" })).toEqual([]);
    expect(faultsOf({ ...remote, coop: false })).toEqual([]);
    expect(faultsOf({ ...remote, dockerHost: "tcp://127.0.0.1:2375" })).toEqual([]);
  });

  test("name an image lock file that cannot be read, where it is to be read", () => {
    // `lock` makes a file, and moves away nothing else.
    const device = configurationWith({ imagesLock: "/dev/null" });
    expect(() => parseSettings("lab-1", device, { file: resolve, engine: () => "unix:///x" })).toThrow(
      /imagesLock: \/dev\/null cannot be read: it is a device, not a file\n {2}Fix: name another file: \.\/machine set lab-1 imagesLock FILE$/,
    );
    // A link that leads to itself cannot be looked at at all.
    const loop = join(temporaryFolder("settings-"), "loop");
    symlinkSync("loop", loop);
    const looped = configurationWith({ imagesLock: loop });
    expect(() => parseSettings("lab-1", looped, { file: resolve, engine: String })).toThrow(
      /imagesLock: .*loop cannot be read: ELOOP.*\n {2}Fix: \.\/machine lock lab-1$/,
    );
    const missing = configurationWith({ imagesLock: "no/such/file.json" });
    expect(() => parseSettings("lab-1", missing, { file: String, engine: String })).toThrow(
      /imagesLock: there is no no\/such\/file\.json\n {2}Fix: \.\/machine lock lab-1$/,
    );
    expect(parseSettings("lab-1", missing).tasks).toHaveLength(26);
  });
});

describe("bounds", () => {
  test.each([
    [
      "model",
      ["cohere/command-r-08-2024", "cohere_chat/command-a-03-2025"],
      ["", "command-a-03-2025", "openai/gpt-4o", "cohere/", "cohere/a b", "cohere/-x", "cohere/x\n"],
    ],
    [
      "modelApiBase",
      ["https://a.example", "http://127.0.0.1:8080/v2"],
      [
        "https://a.example/",
        "https://a.example/v2/chat",
        "ftp://a.example",
        "https://u:p@a.example",
        "https://a.example/?q",
      ],
    ],
    ["subset", ["lite", "flash", "full"], ["", "Lite", "nightly"]],
    ["probeTimeoutSeconds", [1, 3600], [0, 3601, 1.5, "many"]],
    ["oracleTasks", [0, 30], [-1, 31, 1.5, "all"]],
    ["oracleTimeoutSeconds", [1, 7200], [0, 7201, 1.5, "many"]],
    ["pythonVersion", ["3.12", ">=3.10", "3.12.4"], ["", "2.7", "3", "<4", "python3"]],
    ["cooperbenchCommit", ["a".repeat(40)], ["a".repeat(39), "A".repeat(40), "main"]],
    [
      "cooperbenchDir",
      ["repos/CooperBench", "/srv/CooperBench", "/dev/shm/CooperBench", join(homedir(), "CooperBench")],
      [
        ...["", "../CooperBench", "a/../b", "-rf", "~/CooperBench", "~lab"],
        ...["/", "//", "/.", ".", "./", "/proc", "/sys/x", "/dev", "/dev/shm", homedir(), `${homedir()}/`],
      ],
    ],
    [
      "dockerHost",
      ["", "unix:///var/run/docker.sock", "tcp://10.0.0.1:2376", "ssh://me@lab"],
      ["docker.sock", "unix://run", "http://lab"],
    ],
    [
      "cooperbenchRepository",
      [
        "https://github.com/cooperbench/CooperBench.git",
        "file:///srv/CooperBench.git",
        "git@github.com:a/b.git",
      ],
      ["https://me:token@github.com/a", "--upload-pack=x", "ext::sh"],
    ],
    ["cooperbenchExtras", [[], ["dev", "gcp"]], [["dev]"], ["; true"], "dev"]],
    ["coop", [true, false], ["yes", 1, ""]],
    [
      "redisImage",
      ["redis:alpine", "redis:7.4-alpine", "valkey/valkey:8", `redis:7-alpine@sha256:${"a".repeat(64)}`],
      ["redis", "Redis:alpine", "redis@sha256:a", "registry.example.org/redis:7", "redis:alpine@sha256:abc"],
    ],
    [
      "redisHost",
      ["127.0.0.1", "0.0.0.0", "10.0.0.5"],
      ["", "localhost", "::1", "10.0.0.256", "10.0.0.5:6379"],
    ],
    [
      "redisPort",
      [1, 6379, 65_535, "6379", "/srv/redis.port"],
      [0, 65_536, 1.5, "", "redis", "6379\n", "a/b"],
    ],
    ["redisNetwork", ["bridge", "host"], ["", "none"]],
    ["tasks", [[], ["dspy_task", "go_chi_task/26"]], [["dspy_task/x"], "dspy_task"]],
  ])("%s accepts %j and refuses %j", (key, good, bad) => {
    for (const value of good) expect(faultsOf({ [key]: value }), JSON.stringify(value)).toEqual([]);
    for (const value of bad) expect(faultsOf({ [key]: value }), JSON.stringify(value)).toHaveLength(1);
  });

  test("no string with a control character is accepted, whatever the key", () => {
    const keys = Object.entries(configurationWith()).filter(([, value]) => typeof value === "string");
    const control = fc.constantFrom("\n", "\r", "\0", "\x1b[2J", "\u2028", "\u202e");
    fc.assert(
      fc.property(fc.constantFrom(...keys), control, fc.nat(), ([key, value], hostile, at) => {
        const text = String(value);
        const cut = at % (text.length + 1);
        expect(faultsOf({ [key]: text.slice(0, cut) + hostile + text.slice(cut) })).toHaveLength(1);
      }),
    );
  });
});
