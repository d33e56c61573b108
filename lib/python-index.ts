/**
 * The package index that the user's settings name in place of PyPI, or before it: by variables of uv or pip, or by their
 * files. uv reads nothing of pip's, and asks for what a lock file names where that says: never the user's index.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./environment.ts";

/** Variables of uv that name an index. */
const OF_UV = ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"];

/** Whether the user's settings name an index. */
export function hasIndex(from: Environment): boolean {
  return (
    OF_UV.some((name) => from[name]) ||
    uvFiles(from).some((file) =>
      /^\s*(extra-)?index-url\s*=|^\s*\[\[(pip\.)?index\]\]/m.test(textOf(file)),
    ) ||
    Object.keys(indexVariables(from)).length > 0
  );
}

/** What uv is to be told of pip's settings: nothing where the user has told uv itself. */
export function indexVariables(from: Environment): Readonly<Record<string, string>> {
  if (OF_UV.some((name) => from[name])) return {};
  const settings = pipSettings(from);
  const url = settings["index-url"];
  return {
    ...(url && !/^https:\/\/pypi\.org\/simple\/?$/.test(url) && { UV_DEFAULT_INDEX: url }),
    ...(settings["extra-index-url"] && { UV_INDEX: settings["extra-index-url"] }),
    ...(settings["trusted-host"] && { UV_INSECURE_HOST: settings["trusted-host"] }),
  };
}

function uvFiles(from: Environment): readonly string[] {
  if (from.UV_NO_CONFIG) return [];
  if (from.UV_CONFIG_FILE) return [from.UV_CONFIG_FILE];
  return [...configFolders(from).map((folder) => join(folder, "uv", "uv.toml")), "/etc/uv/uv.toml"];
}

/** pip's settings of its global and install sections, the later file's before the earlier one's, and variables first. */
function pipSettings(from: Environment): Readonly<Record<string, string>> {
  const home = from.HOME ?? "";
  const files =
    from.PIP_CONFIG_FILE === "/dev/null"
      ? []
      : [
          "/etc/pip.conf",
          ...configFolders(from).map((folder) => join(folder, "pip", "pip.conf")),
          ...(home === "" ? [] : [join(home, ".pip", "pip.conf")]),
          ...(home === "" ? [] : [join(home, "Library", "Application Support", "pip", "pip.conf")]),
          from.PIP_CONFIG_FILE ?? "",
        ];
  const ofFiles = files.flatMap((file) => settingsIn(textOf(file)));
  const ofVariables = ["index-url", "extra-index-url", "trusted-host"].flatMap((name) => {
    const value = from[`PIP_${name.replaceAll("-", "_").toUpperCase()}`];
    return value ? [[name, value] as const] : [];
  });
  return Object.fromEntries([...ofFiles, ...ofVariables]);
}

/** The system's folders, and then the user's. */
function configFolders(from: Environment): readonly string[] {
  const ofSystem = (from.XDG_CONFIG_DIRS || "/etc/xdg").split(":");
  const own = from.XDG_CONFIG_HOME || (from.HOME ? join(from.HOME, ".config") : "");
  return [...ofSystem, own].filter((folder) => folder.startsWith("/"));
}

/** The settings of pip in a file's text; a value may go on in lines that are indented. */
function settingsIn(text: string): readonly (readonly [string, string])[] {
  const sections = text.split(/^\[/m).filter((section) => /^(global|install)\]/.test(section));
  return sections.flatMap((section) =>
    [...section.matchAll(/^([\w-]+)[ \t]*[=:][ \t]*(.*(?:\n[ \t]+.*)*)$/gm)].map(
      ([, name = "", value = ""]) => [name.replaceAll("_", "-"), value.trim().replace(/\s+/g, " ")] as const,
    ),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // not there, or not this user's to read
  }
}
