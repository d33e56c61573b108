import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { Variables } from "../../../../benchmark/model.ts";
import { inspectDotenv, removeFromDotenv, writeDotenv } from "../../../../provision/steps/dotenv.ts";
import type { AskDotenv, Misread } from "../../../../provision/steps/dotenv-reader.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { readsBack } from "../../../reads-back.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const variables = { COHERE_API_KEY: "it's a \\ key", LITELLM_LOG: "ERROR" };

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder("dotenv-");
  file = join(folder, ".env");
});

const text = () => readFileSync(file, "utf8");
const mode = () => (statSync(file).mode & 0o777).toString(8);

describe("a new .env", () => {
  test("has the variables and mode 600, and is found good", async () => {
    await writeDotenv(file, lab1, variables, readsBack);
    expect(mode()).toBe("600");
    expect(inspectDotenv(file, lab1, variables).fault).toBeUndefined();
  });

  test("goes when its variables are removed", async () => {
    await writeDotenv(file, lab1, variables, readsBack);
    await removeFromDotenv(file, lab1);
    expect(() => statSync(file)).toThrow("ENOENT");
  });
});

describe("a .env that was there before", () => {
  const before = '# mine\nOPENAI_API_KEY=abc\nexport COHERE_API_KEY="old\nin two lines"\nLAST=1';

  test("keeps its lines, the last one without an end, and has them back byte for byte", async () => {
    writeFileSync(file, before);
    await writeDotenv(file, lab1, variables, readsBack);
    expect(text()).toContain(`${before}\n# >>> `);
    await removeFromDotenv(file, lab1);
    expect(text()).toBe(before);
  });

  test("stays when it was empty", async () => {
    writeFileSync(file, "");
    await writeDotenv(file, lab1, variables, readsBack);
    await removeFromDotenv(file, lab1);
    expect(text()).toBe("");
  });

  test("is not touched where it has none of the stack's lines", async () => {
    writeFileSync(file, before, { mode: 0o640 });
    chmodSync(file, 0o640);
    await removeFromDotenv(file, lab1);
    expect(text()).toBe(before);
    expect(mode()).toBe("640");
  });

  test("is refused, and kept, where it has the settings of another stack", async () => {
    await writeDotenv(file, lab2, variables, readsBack);
    const others = text();
    expect(inspectDotenv(file, lab1, variables).fault).toBe("it has the settings of stack lab-2");
    await expect(writeDotenv(file, lab1, variables, readsBack)).rejects.toThrow(
      /of stack lab-2.* cooperbenchDir/s,
    );
    await removeFromDotenv(file, lab1);
    expect(text()).toBe(others);
  });

  test("is refused where it is a symbolic link, and what that points at stays as it is", async () => {
    const target = join(folder, "target");
    writeFileSync(target, before);
    symlinkSync(target, file);
    await expect(writeDotenv(file, lab1, variables, readsBack)).rejects.toThrow(/is a symbolic link/);
    await removeFromDotenv(file, lab1);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe(before);
  });
});

describe("what is wrong is said without a value", () => {
  beforeEach(() => writeDotenv(file, lab1, variables, readsBack));

  test.each([
    ["the file is gone", () => rmSync(file), "it is missing"],
    ["its mode is wide", () => chmodSync(file, 0o644), "its mode is 644, not 600"],
    [
      "a key is gone",
      () => writeFileSync(file, text().replace(/^LITELLM.*\n/m, "")),
      "LITELLM_LOG not as configured",
    ],
    [
      "a value is another",
      () => writeFileSync(file, text().replace("ERROR", "DEBUG")),
      "LITELLM_LOG not as configured",
    ],
    [
      "both are so",
      () => {
        writeFileSync(file, text().replace("ERROR", "DEBUG"));
        chmodSync(file, 0o644);
      },
      "its mode is 644, not 600; LITELLM_LOG not as configured",
    ],
  ])("where %s, and mended", async (_, damage, finding) => {
    damage();
    expect(inspectDotenv(file, lab1, variables).fault).toBe(finding);
    await writeDotenv(file, lab1, variables, readsBack);
    expect(inspectDotenv(file, lab1, variables).fault).toBeUndefined();
  });

  test("a line of the user's own below is no fault", () => {
    writeFileSync(file, `${text()}OTHER=1\n`);
    expect(inspectDotenv(file, lab1, variables).fault).toBeUndefined();
  });
});

describe("a file that the block cannot be written over is named with its line, and stays as it is:", () => {
  const write = () => writeDotenv(file, lab1, variables, readsBack);
  const written = async (change: (before: string) => string | Buffer) => {
    await write();
    const after = change(text());
    writeFileSync(file, after);
    return Buffer.from(after);
  };

  test.each<[string, (before: string) => string | Buffer, string]>([
    [
      "its last line is lost",
      (before) => `A=1\n${before.replace(/# <<<.*\n/, "")}B=2\n`,
      "that line 2 begins has no last line",
    ],
    ["its first line is lost", (before) => `${before.replace(/^.*\n/, "")}B=2\n`, "line 3 ends a block"],
    [
      "another block follows one without its last line",
      (before) => `${before.replace(/# <<<.*\n/, "")}B=2\n${before}`,
      "that line 1 begins has no last line",
    ],
    ["it stands twice", (before) => `${before}B=2\n${before}`, "twice, from lines 1 and 6"],
    [
      "a line of the user's is inside",
      (before) => before.replace("# <<<", "B=2\n# <<<"),
      "line 4 is in the block",
    ],
    [
      "it is Latin-1",
      (before) => Buffer.from(`A=1\nB=gr\u00fcn\n${before}`, "latin1"),
      "line 2 is not UTF-8",
    ],
    ["it is UTF-16", (before) => Buffer.from(`\ufeff${before}`, "utf16le"), "it is UTF-16"],
  ])("%s", async (_, change, fault) => {
    const before = await written(change);
    await expect(write()).rejects.toThrow(fault);
    await expect(write()).rejects.toThrow("Nothing was changed\nFix: ");
    expect(readFileSync(file)).toEqual(before);
    if (!fault.includes("UTF-16")) expect(inspectDotenv(file, lab1, variables).fault).toContain(fault);
  });

  test.each<[string, (before: string) => string, string]>([
    ["an editor took the last newline", (before) => before.trimEnd(), ""],
    ["an editor made CRLF", (before) => `A=1\n${before}B=2\n`.replaceAll("\n", "\r\n"), "A=1\r\nB=2\r\n"],
    ["a blank follows the last line", (before) => `A=1\n${before.trimEnd()} \nB=2`, "A=1\nB=2"],
    ["it stands twice", (before) => `${before}A=1\n${before}`, "A=1\n"],
    ["its last line is lost", (before) => `${before.replace(/# <<<.*\n/, "")}A=1\n`, "A=1\n"],
    ["its first line is lost", (before) => `A=1\n${before.replace(/^.*\n/, "")}B=2\n`, "A=1\nB=2\n"],
    ["a line of the user's is inside", (before) => before.replace("# <<<", "A=1\n# <<<"), "A=1\n"],
    ["an editor put a mark before it", (before) => `\ufeff${before}`, "\ufeff"],
  ])(
    "and the key is nowhere in it after destroy, and each line of the user's is, where %s",
    async (_, change, rest) => {
      await written(change);
      await removeFromDotenv(file, lab1);
      expect(existsSync(file) ? text() : "").toBe(rest);
    },
  );

  test("it goes out of a file that is not UTF-8, whose other bytes stay", async () => {
    const mine = Buffer.from("B=gr\u00fcn\r", "latin1");
    await written((before) => Buffer.concat([mine, Buffer.from(before)]));
    await removeFromDotenv(file, lab1);
    expect(readFileSync(file)).toEqual(mine);
  });

  test("destroy says so where it cannot take the key out", async () => {
    const before = await written((before) => Buffer.from(`\ufeff${before}`, "utf16le"));
    await expect(removeFromDotenv(file, lab1)).rejects.toThrow(
      /UTF-16.*cannot be taken out.*\nFix: save it as UTF-8/s,
    );
    expect(readFileSync(file)).toEqual(before);
  });
});

describe("what python-dotenv reads otherwise", () => {
  const misreads =
    (...answers: readonly Misread[]): AskDotenv =>
    async () =>
      answers;
  const well = { other: [], unread: [] };
  const badly = { other: ["COHERE_API_KEY"], unread: [2] };

  test("of the block alone is a value to be set anew, and nothing is written", async () => {
    const written = writeDotenv(file, lab1, variables, misreads(badly, badly));
    await expect(written).rejects.toThrow(
      /a different value of COHERE_API_KEY .*Nothing was changed\nFix: set one/s,
    );
    expect(() => statSync(file)).toThrow("ENOENT");
  });

  test("of the block among the user's lines is a line to be put right, and nothing is changed", async () => {
    writeFileSync(file, "A=1\nB='open\n");
    const written = writeDotenv(file, lab1, variables, misreads(well, badly));
    await expect(written).rejects.toThrow(/cannot read line 2: check the quotes there\. Nothing was changed/);
    expect(text()).toBe("A=1\nB='open\n");
  });

  test("of a block that a line below wins over goes to the end", async () => {
    await writeDotenv(file, lab1, variables, readsBack);
    writeFileSync(file, `${text()}LITELLM_LOG=DEBUG\n`);
    await writeDotenv(file, lab1, variables, misreads(well, { ...badly, unread: [] }, well));
    expect(text()).toMatch(/^LITELLM_LOG=DEBUG\n# >>>/);
  });
});

test("a value that is not one line is refused, whatever reads it", async () => {
  const written = writeDotenv(file, lab1, { COHERE_API_KEY: "a\nb" }, readsBack);
  await expect(written).rejects.toThrow("a different value of COHERE_API_KEY");
});

describe("a block of a version before", () => {
  const { stack, id } = lab1;
  const old = `A=1\n# kept by cooperbench-machine: LITELLM_LOG=own\n# >>> cooperbench-machine, stack ${stack}, id ${id} >>>\nCOHERE_API_KEY='it\\'s a \\\\ key'\nLITELLM_LOG='ERROR'\n# <<< cooperbench-machine <<<\nB=2\n`;
  beforeEach(() => writeFileSync(file, old, { mode: 0o600 }));

  test("is no fault, and its hash is that of the same lines once they are written by this one", async () => {
    const { hash, ...seen } = inspectDotenv(file, lab1, variables);
    expect(seen).toEqual({ read: undefined, written: hash });
    expect(await writeDotenv(file, lab1, variables, readsBack)).toBe(hash);
    expect(text()).toMatch(/^A=1\nLITELLM_LOG=own\n# >>> .*, read [0-9a-f]{32} >>>\n/);
  });

  test("goes, and the line that it kept is back", async () => {
    await removeFromDotenv(file, lab1);
    expect(text()).toBe("A=1\nLITELLM_LOG=own\nB=2\n");
  });
});

test("the hash is of the user's bytes and the block's place, and has no key in it", async () => {
  const hash = async (before: string | undefined, values: Variables = variables) => {
    rmSync(file, { force: true });
    if (before !== undefined) writeFileSync(file, before);
    const written = await writeDotenv(file, lab1, values, readsBack);
    expect(inspectDotenv(file, lab1, values)).toEqual({ hash: written, read: written, written });
    return written;
  };
  const mine = await hash("A=1\n");
  expect(await hash("A=1\n", { ...variables, COHERE_API_KEY: "another" })).toBe(mine);
  expect(await hash("A=1\r\n")).not.toBe(mine);
  rmSync(file);
  const { written } = inspectDotenv(file, lab1, variables);
  expect(await hash(undefined)).toBe(written);
  expect(written).not.toBe(mine);
  await hash("A=1\n");
  writeFileSync(file, `${text()}B=2\n`);
  expect(inspectDotenv(file, lab1, variables)).toMatchObject({
    read: mine,
    hash: expect.not.stringMatching(mine),
  });
});

describe.runIf(process.getuid?.() === 0)("an update by root", () => {
  const owner = () => {
    const { uid, gid } = statSync(file);
    return `${uid}:${gid}`;
  };

  test("leaves the file to the user whose it is, while it is there and once the block is gone", async () => {
    writeFileSync(file, "A=1\n");
    chownSync(file, 1234, 2345);
    await writeDotenv(file, lab1, variables, readsBack);
    expect([owner(), mode()]).toEqual(["1234:2345", "600"]);
    await removeFromDotenv(file, lab1);
    expect([owner(), mode(), text()]).toEqual(["1234:2345", "600", "A=1\n"]);
  });

  test("gives a new file to the user whose its folder is", async () => {
    chownSync(folder, 1234, 2345);
    await writeDotenv(file, lab1, variables, readsBack);
    expect([owner(), mode()]).toEqual(["1234:2345", "600"]);
  });
});

test("what a killed step has left beside the file goes with the block", async () => {
  await writeDotenv(file, lab1, variables, readsBack);
  writeFileSync(`${file}.cooperbench-machine.tmp`, "COHERE_API_KEY=x");
  await removeFromDotenv(file, lab1);
  expect(readdirSync(folder)).toEqual([]);
});
