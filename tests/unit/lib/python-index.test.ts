import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { environmentFor } from "../../../lib/environment.ts";
import { hasIndex, indexVariables } from "../../../lib/python-index.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let home: string;
beforeEach(() => {
  home = temporaryFolder("index-");
});

const shell = (more: Readonly<Record<string, string>> = {}) => ({
  HOME: home,
  XDG_CONFIG_DIRS: join(home, "xdg"),
  ...more,
});

function put(name: string, text: string): void {
  const file = join(home, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

test("without any, none is told", () => {
  expect(indexVariables(shell())).toEqual({});
  expect(hasIndex(shell())).toBe(false);
});

test.each(["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"])(
  "%s is uv's own",
  (name) => {
    const from = shell({ [name]: "https://m.example/simple", PIP_INDEX_URL: "https://other.example/simple" });
    expect(hasIndex(from)).toBe(true);
    expect(indexVariables(from)).toEqual({});
    expect(environmentFor("uv", from)).toMatchObject({ [name]: "https://m.example/simple" });
  },
);

test.each([
  [
    "uv's, at the user's",
    ".config/uv/uv.toml",
    '[[index]]\nurl = "https://m.example/simple"\ndefault = true\n',
    {},
  ],
  ["uv's, the older form", "xdg/uv/uv.toml", 'index-url = "https://m.example/simple"\n', {}],
  [
    "uv's, for pip alone",
    "own.toml",
    '[[pip.index]]\nurl = "https://m.example/simple"\n',
    { UV_CONFIG_FILE: "own.toml" },
  ],
])("a file of %s is read by uv itself", (_, name, text, more) => {
  put(name, text);
  const named = Object.fromEntries(Object.entries(more).map(([key, value]) => [key, join(home, value)]));
  expect(hasIndex(shell(named))).toBe(true);
  expect(indexVariables(shell(named))).toEqual({});
  expect(hasIndex(shell({ ...named, UV_NO_CONFIG: "1" }))).toBe(false);
});

test.each([[".config/pip/pip.conf"], [".pip/pip.conf"], ["xdg/pip/pip.conf"]])(
  "pip's file %s is told to uv",
  (name) => {
    put(
      name,
      "[global]\nindex-url = https://m.example/simple\nextra_index_url =\n    https://a.example/simple\n    https://b.example/simple\n[install]\ntrusted-host: m.example\n[search]\nindex-url = https://no.example\n",
    );
    const wanted = {
      UV_DEFAULT_INDEX: "https://m.example/simple",
      UV_INDEX: "https://a.example/simple https://b.example/simple",
      UV_INSECURE_HOST: "m.example",
    };
    expect(indexVariables(shell())).toEqual(wanted);
    expect(environmentFor("uv", shell())).toMatchObject(wanted);
    expect(hasIndex(shell())).toBe(true);
    expect(environmentFor("docker", shell())).not.toHaveProperty("UV_DEFAULT_INDEX");
  },
);

test("pip's variables come before its files, and PyPI is no other index", () => {
  put(".config/pip/pip.conf", "[global]\nindex-url = https://m.example/simple\n");
  const from = shell({ PIP_INDEX_URL: "https://v.example/simple" });
  expect(indexVariables(from)).toEqual({ UV_DEFAULT_INDEX: "https://v.example/simple" });
  expect(hasIndex(shell({ PIP_INDEX_URL: "https://pypi.org/simple" }))).toBe(false);
});
