import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  inspectDotenv,
  removeFromDotenv,
  withoutVariables,
  withVariables,
  writeDotenv,
} from "../../../../provision/steps/dotenv.ts";
import { lab1, lab2 } from "../../../owners.ts";

const variables = { COHERE_API_KEY: "it's a \\ key", LITELLM_LOG: "ERROR" };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dotenv-"));
  file = join(folder, ".env");
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = () => readFileSync(file, "utf8");
const mode = () => (statSync(file).mode & 0o777).toString(8);

describe("a new .env", () => {
  test("has the variables and mode 600, and is found good", async () => {
    await writeDotenv(file, lab1, variables);
    expect(mode()).toBe("600");
    expect(inspectDotenv(file, lab1, variables)).toBeUndefined();
  });

  test("goes when its variables are removed", async () => {
    await writeDotenv(file, lab1, variables);
    await removeFromDotenv(file, lab1);
    expect(() => statSync(file)).toThrow("ENOENT");
  });
});

describe("a .env that was there before", () => {
  const before = '# mine\nOPENAI_API_KEY=abc\nexport COHERE_API_KEY="old\nin two lines"\nLAST=1';

  test("keeps its other lines, and gets the line that was in the way back", async () => {
    writeFileSync(file, before);
    await writeDotenv(file, lab1, variables);
    expect(text()).toContain("# mine\nOPENAI_API_KEY=abc\n");
    expect(text()).not.toMatch(/^export COHERE_API_KEY/m);
    await removeFromDotenv(file, lab1);
    expect(text()).toBe(`${before}\n`);
  });

  test("stays when it was empty", async () => {
    writeFileSync(file, "");
    await writeDotenv(file, lab1, variables);
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
    await writeDotenv(file, lab2, variables);
    const others = text();
    expect(inspectDotenv(file, lab1, variables)).toBe("it has the settings of stack lab-2");
    await expect(writeDotenv(file, lab1, variables)).rejects.toThrow(/of stack lab-2.*set cooperbenchDir/s);
    await removeFromDotenv(file, lab1);
    expect(text()).toBe(others);
  });

  test("is refused where it is a symbolic link, and what that points at stays as it is", async () => {
    const target = join(folder, "target");
    writeFileSync(target, before);
    symlinkSync(target, file);
    await expect(writeDotenv(file, lab1, variables)).rejects.toThrow(
      /got a symbolic link, want a regular file/,
    );
    await removeFromDotenv(file, lab1);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe(before);
  });
});

describe("what is wrong is said without a value", () => {
  beforeEach(() => writeDotenv(file, lab1, variables));

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
      "a later line overrides",
      () => writeFileSync(file, `${text()}LITELLM_LOG=DEBUG\n`),
      "another line assigns one of its variables",
    ],
  ])("where %s, and mended", async (_, damage, finding) => {
    damage();
    expect(inspectDotenv(file, lab1, variables)).toBe(finding);
    await writeDotenv(file, lab1, variables);
    expect(inspectDotenv(file, lab1, variables)).toBeUndefined();
  });

  test("a line of the user's own below is no fault", () => {
    writeFileSync(file, `${text()}OTHER=1\n`);
    expect(inspectDotenv(file, lab1, variables)).toBeUndefined();
  });
});

describe("any text", () => {
  const line = fc.oneof(
    fc.constantFrom(
      "COHERE_API_KEY=x",
      "export LITELLM_LOG='y'",
      "# comment",
      "",
      "A=1",
      'B="two\nlines"',
      "nonsense",
    ),
    fc.string({ unit: "grapheme-ascii" }).filter((value) => !/['"]/.test(value)),
  );
  const anyText = fc.array(line).map((lines) => lines.map((one) => `${one}\n`).join(""));

  test("comes back as it was", () => {
    fc.assert(
      fc.property(anyText, (before) => {
        expect(withoutVariables(withVariables(before, lab1, variables))).toBe(before);
      }),
    );
  });

  test("is the same when the variables are written twice", () => {
    fc.assert(
      fc.property(anyText, (before) => {
        const once = withVariables(before, lab1, variables);
        expect(withVariables(once, lab1, variables)).toBe(once);
      }),
    );
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
    await writeDotenv(file, lab1, variables);
    expect([owner(), mode()]).toEqual(["1234:2345", "600"]);
    await removeFromDotenv(file, lab1);
    expect([owner(), mode(), text()]).toEqual(["1234:2345", "600", "A=1\n"]);
  });

  test("gives a new file to the user whose its folder is", async () => {
    chownSync(folder, 1234, 2345);
    await writeDotenv(file, lab1, variables);
    expect([owner(), mode()]).toEqual(["1234:2345", "600"]);
  });
});

test("what a killed step has left beside the file goes with the block", async () => {
  await writeDotenv(file, lab1, variables);
  writeFileSync(`${file}.cooperbench-machine.tmp`, "COHERE_API_KEY=x");
  await removeFromDotenv(file, lab1);
  expect(readdirSync(folder)).toEqual([]);
});
