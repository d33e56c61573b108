/** Runs `npm ci` in a folder, the same whatever npm settings the user has. */
import { spawn } from "node:child_process";
import { appendFileSync, copyFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Settings of npm that decide what is installed, or whether. As the project's they win over the user's files; of
 * the variables, which win over both, they are taken out. Registry, proxy, cache and certificates stay the user's.
 */
const SETTINGS = {
  "include[]": ["dev", "optional", "peer"],
  also: ["dev"],
  production: ["false"],
  optional: ["true"],
  "ignore-scripts": ["true"],
  "engine-strict": ["false"],
  "bin-links": ["true"],
  "install-strategy": ["hoisted"],
  "package-lock": ["true"],
  "package-lock-only": ["false"],
  "dry-run": ["false"],
  global: ["false"],
  location: ["project"],
  json: ["false"],
  loglevel: ["error"],
};
/** Variables that say the same in other words. */
const ALIASES = ["include", "omit", "only", "dev", "os", "cpu", "libc", "global-style", "legacy-bundling"];
const ALIVE_MS = 10_000;

/**
 * Installs what the project's lock file says into `folder`/node_modules.
 *
 * @param {string} root folder of the project
 * @param {string} folder an empty one
 * @param {(line: string) => void} report
 * @returns {Promise<void>} or an error, with npm's words before it, that says what to do
 */
export async function npmCi(root, folder, report) {
  for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
    copyFileSync(join(root, name), join(folder, name));
  }
  const lines = Object.entries(SETTINGS).flatMap(([key, values]) => values.map((value) => `${key}=${value}`));
  appendFileSync(join(folder, ".npmrc"), `\n${lines.join("\n")}\n`);
  report("installing this project's packages (npm ci), about half a minute");
  const { ended, output } = await run(folder, report);
  if (ended === "code 0") return;
  throw new Error(`${output.trim()}\nmachine: ${sentence(root, ended, output)}`.trim());
}

/**
 * The environment without what decides what is installed.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function npmEnv(env) {
  const mine = new Set([...Object.keys(SETTINGS).map((key) => key.replace("[]", "")), ...ALIASES]);
  const decides = (/** @type {string} */ name) =>
    /^npm_config_/i.test(name) &&
    mine.has(name.slice("npm_config_".length).toLowerCase().replaceAll("_", "-"));
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => name !== "NODE_ENV" && name !== "NODE_OPTIONS" && !decides(name)),
  );
}

/**
 * @param {string} folder
 * @param {(line: string) => void} report
 * @returns {Promise<{ ended: string, output: string }>}
 */
function run(folder, report) {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["ci"], {
      cwd: folder,
      env: npmEnv(process.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const start = Date.now();
    const alive = setInterval(
      () => report(`npm ci … ${Math.round((Date.now() - start) / 1000)} s`),
      ALIVE_MS,
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => {
      clearInterval(alive);
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      const absent =
        "machine: npm is not on PATH\nFix: install Node.js 18 or newer with npm (Debian, Ubuntu: apt-get install nodejs npm)";
      reject(new Error(code === "ENOENT" ? absent : `machine: npm does not start: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      clearInterval(alive);
      resolve({ ended: signal ? `signal ${signal}` : `code ${code}`, output });
    });
  });
}

/**
 * @param {string} root
 * @param {string} ended
 * @param {string} output
 */
function sentence(root, ended, output) {
  const what = "this project's packages are not installed";
  if (/ENOSPC|no space left on device|EDQUOT/i.test(output)) {
    return `${what}: no space is left on a disk that npm writes to\nFix: free some, then run the command again (df -h '${root}' "$(npm config get cache)")`;
  }
  if (ended.startsWith("signal")) {
    return `${what}: npm ci was ended by ${ended}\nFix: run the command again`;
  }
  if (/EUSAGE|can only install packages when/.test(output)) {
    return `${what}: package.json and package-lock.json do not fit each other\nFix: git -C '${root}' checkout package.json package-lock.json`;
  }
  return `${what}: npm ci ended with ${ended}; its reason is above\nFix: see that npm reaches its registry (npm ping), then run the command again`;
}
