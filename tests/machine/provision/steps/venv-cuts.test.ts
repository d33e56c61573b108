import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
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
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startOf } from "../../../../lib/process-id.ts";
import { wholeStackVariable } from "../../../../provision/ownership/holder.ts";
import { inspectVenv } from "../../../../provision/steps/venv/fault.ts";
import { lab1 } from "../../../owners.ts";
import { anotherPython, makeTinyCooperbench, pathOfPython, putUvOnPath } from "./tiny-cooperbench.ts";

/** Stands for uv on PATH, counts the calls of it, and at one of them ends its caller, with SIGKILL. */
const shim = (uv: string) => `#!/bin/sh
. "\${0%/*}/cut" # beside it: of this process's variables, uv gets those alone that it needs
call=$(($(cat "$CUT/calls" 2>/dev/null || echo 0) + 1))
echo $call > "$CUT/calls"
[ "$call" = "$CUT_CALL" ] || exec "${uv}" "$@"
case $CUT_HOW in
before) kill -9 $PPID; exit 1 ;;
after) "${uv}" "$@"; kill -9 $PPID ;;
# The caller alone ends, and uv goes on: slowly, so that it would meet the next step's.
orphan) kill -9 $PPID; sleep 0.7; exec "${uv}" "$@" ;;
# Both end in the middle of what uv does.
middle) "${uv}" "$@" & uv=$!; sleep 0.06; kill -9 $uv $PPID ;;
hang) echo $$ > "$CUT/hangs"; exec sleep 60 ;;
esac
`;

// uv and Python are run many times in each.
vi.setConfig({ testTimeout: 120_000 });

await putUvOnPath();
const another = await anotherPython();

let base: string;
let folder: string;
let cut: string;
let first: string;

beforeAll(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "venv-cuts-")));
  process.env.UV_CACHE_DIR = join(base, "cache");
  folder = join(base, "CooperBench");
  cut = join(base, "cut");
  mkdirSync(cut);
  const uv = execFileSync("sh", ["-c", "command -v uv"], { encoding: "utf8" }).trim();
  writeFileSync(join(cut, "uv"), shim(uv));
  chmodSync(join(cut, "uv"), 0o755);
  const python = await pathOfPython(">=3.10");
  first = minorOf(python.version);
  makeTinyCooperbench(folder, python.path);
}, 300_000);
beforeEach(() => {
  for (const name of readdirSync(folder).filter((name) => name.startsWith(".venv")))
    rmSync(join(folder, name), { recursive: true });
});
afterAll(() => rmSync(base, { recursive: true }));

const minorOf = (version: string) => version.split(".").slice(0, 2).join(".");

interface Wanted {
  readonly python: string;
  readonly extras: readonly string[];
}
interface Cut {
  readonly call: number;
  readonly how: "before" | "after" | "orphan" | "middle" | "hang";
}

/** The step as an update runs it. */
function start(verb: "make" | "ensure" | "remove", { python, extras }: Wanted, at?: Cut): ChildProcess {
  rmSync(join(cut, "calls"), { force: true });
  writeFileSync(join(cut, "cut"), `CUT='${cut}' CUT_CALL=${at?.call ?? 0} CUT_HOW=${at?.how ?? ""}\n`);
  return spawn(process.execPath, ["provision/main.ts", "venv", verb], {
    cwd: resolve(import.meta.dirname, "../../../.."),
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PATH: `${cut}${delimiter}${process.env.PATH}`,
      COOPERBENCH_MACHINE_REQUEST: JSON.stringify({ owner: lab1, folder, pythonVersion: python, extras }),
      // As `./machine destroy`, by which an installation goes that the state does not know, too.
      ...(verb === "remove" && { [wholeStackVariable]: lab1.id }),
    },
  });
}

async function step(
  ...args: Parameters<typeof start>
): Promise<{ readonly code: number | null; readonly signal: string | null; readonly said: string }> {
  const child = start(...args);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (text) => {
      said += text;
    });
  }
  // Not its streams' end: a uv that goes on holds them open.
  const [code, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.on("exit", (code, signal) => done([code, signal])),
  );
  return { code, signal, said };
}

async function mustStep(...args: Parameters<typeof start>): Promise<void> {
  const { code, said } = await step(...args);
  expect(code, said).toBe(0);
}

/** All that is in the checkout, except for times and words that are drawn anew. */
function contents(): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string) => {
    for (const name of readdirSync(join(folder, path))) {
      const file = join(path, name);
      const stats = lstatSync(join(folder, file));
      if (name === "__pycache__") continue;
      if (stats.isDirectory()) walk(file);
      else
        found[file] = stats.isSymbolicLink() ? readlinkSync(join(folder, file)) : digest(join(folder, file));
    }
  };
  walk("");
  return found;
}

function digest(file: string): string {
  const text = readFileSync(file, "utf8").replace(/"(changed|holder)":"[^"]*"/g, "");
  return createHash("sha256").update(text).digest("hex");
}

const inspect = ({ python }: Wanted) => inspectVenv(folder, python, lab1);
const dev = (): Wanted => ({ python: first, extras: ["dev"] });
const plain = (): Wanted => ({ python: first, extras: [] });
const other = (): Wanted => ({ python: minorOf(another?.version ?? ""), extras: ["dev"] });

describe("cut off at any call of uv, one more step makes what an uninterrupted one does:", () => {
  describe.each<{
    what: string;
    prepare: () => Promise<void>;
    wanted: () => Wanted;
    asks: readonly number[];
    calls: number;
  }>([
    { what: "the first installation", prepare: async () => {}, wanted: dev, asks: [1], calls: 3 },
    { what: "a repair", prepare: () => mustStep("make", plain()), wanted: dev, asks: [1], calls: 2 },
    ...(another === undefined
      ? []
      : [
          {
            what: "another Python",
            prepare: () => mustStep("make", other()),
            wanted: dev,
            asks: [1],
            calls: 3,
          },
        ]),
  ])("$what", ({ prepare, wanted, asks, calls }) => {
    let uninterrupted: Record<string, string>;
    test("has as many calls", async () => {
      await prepare();
      await mustStep("ensure", wanted());
      expect(readFileSync(join(cut, "calls"), "utf8")).toBe(`${calls}\n`);
      uninterrupted = contents();
      expect(Object.keys(uninterrupted)).toContain(".venv/bin/cooperbench");
    });

    const cuts = Array.from({ length: calls }, (_, index) => index + 1).flatMap((call) =>
      (asks.includes(call) ? (["before"] as const) : (["before", "after", "orphan", "middle"] as const)).map(
        (how) => ({ call, how }),
      ),
    );
    test.each(cuts)("call $call, $how", async (at) => {
      await prepare();
      expect((await step("ensure", wanted(), at)).signal).toBe("SIGKILL");
      if (!asks.includes(at.call)) expect(inspect(wanted())).toBe("its installation was cut off");
      await mustStep("ensure", wanted());
      expect(inspect(wanted())).toBeUndefined();
      if (at.how === "orphan") await sleep(1000); // a uv that was left would write by now
      expect(contents()).toEqual(uninterrupted);
    });
  });
});

test("a removal that is cut off at any moment is finished by the next", async () => {
  const before = contents();
  for (const milliseconds of [150, 250, 350]) {
    await mustStep("make", dev());
    const child = start("remove", dev());
    await sleep(milliseconds);
    child.kill("SIGKILL");
    await mustStep("remove", dev());
    expect(contents()).toEqual(before);
  }
});

test("a cut installation is removed whole, with the uv that goes on", async () => {
  const before = contents();
  await step("make", dev(), { call: 3, how: "orphan" });
  await mustStep("remove", dev());
  await sleep(1000);
  expect(contents()).toEqual(before);
});

test("a file of the user's in a cut installation is kept", async () => {
  await step("make", dev(), { call: 3, how: "middle" });
  writeFileSync(join(folder, ".venv", "notes.txt"), "mine");
  const { said } = await step("remove", dev());
  expect(said).toContain("is left: it has files that the stack did not make (notes.txt)");
  await mustStep("ensure", dev());
  const [kept = ""] = readdirSync(folder).filter((name) => name.startsWith(".venv.kept-"));
  expect(readFileSync(join(folder, kept, "notes.txt"), "utf8")).toBe("mine");
});

describe("while uv works,", () => {
  const hanging = async () => {
    rmSync(join(cut, "hangs"), { force: true });
    const child = start("make", dev(), { call: 3, how: "hang" });
    const ended = new Promise<number | null>((done) => child.on("exit", done));
    while (!existsSync(join(cut, "hangs"))) await sleep(20);
    return { child, ended, uv: Number(readFileSync(join(cut, "hangs"), "utf8")) };
  };

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s ends uv with the step", async (signal) => {
    const { child, ended, uv } = await hanging();
    child.kill(signal);
    expect(await ended).toBe(1);
    expect(startOf(uv)).toBeUndefined();
    expect(inspect(dev())).toBe("its installation was cut off");
  });

  test("another step is refused, and changes nothing", async () => {
    const { child, ended } = await hanging();
    const { code, said } = await step("ensure", dev());
    expect(code).toBe(1);
    expect(said).toContain(
      `is being installed by another update (process ${child.pid}). Nothing in it was changed`,
    );
    child.kill("SIGTERM");
    await ended;
  });
});
