import { homedir } from "node:os";
import { describe, expect, test } from "vitest";
import { type Child, environmentFor, proxies } from "../../../lib/environment.ts";

const children = [
  ...["git", "git-remote", "docker", "uv", "pip", "go", "cooperbench", "run", "credential-helper", "pulumi"],
  ...["planned-run", "program"],
] as readonly Child[];

const given = (child: Child, variables: Readonly<Record<string, string>>) => {
  const env = environmentFor(child, { PATH: "/bin", ...variables });
  return Object.keys(variables).filter((name) => env[name] === variables[name]);
};

/** Who is to have each of these, which others have no use for, or which would change what they answer. */
const reach: Readonly<Record<string, readonly Child[]>> = {
  // Secrets
  PULUMI_CONFIG_PASSPHRASE: ["pulumi"],
  PULUMI_CONFIG: ["pulumi"],
  PULUMI_ACCESS_TOKEN: ["pulumi"],
  PULUMI_BACKEND_URL: ["pulumi"],
  COHERE_API_KEY: ["run", "pulumi"],
  OPENAI_API_KEY: ["run", "pulumi"],
  AZURE_OPENAI_API_KEY: ["run", "pulumi"],
  AWS_SECRET_ACCESS_KEY: ["git-remote", "docker", "run", "credential-helper", "pulumi"],
  // What a step itself is given
  COOPERBENCH_MACHINE_REQUEST: ["pulumi"],
  COOPERBENCH_MACHINE_DESTROYS: ["pulumi"],
  // The engine
  DOCKER_HOST: ["docker", "cooperbench", "run", "pulumi", "planned-run", "program"],
  // What decides a run
  COHERE_API_BASE: ["run", "pulumi"],
  MSWEA_GLOBAL_COST_LIMIT: ["run", "pulumi"],
  DOCKER_CONTEXT: ["run"],
  DOCKER_API_VERSION: ["run"],
  DOCKER_CONTENT_TRUST: ["run"],
  DOCKER_DEFAULT_PLATFORM: ["run"],
  // Other Pythons, other packages
  UV_PYTHON: ["run", "pulumi"],
  UV_PROJECT_ENVIRONMENT: ["run", "pulumi"],
  UV_SOMETHING_OF_A_LATER_UV: ["run", "pulumi"],
  VIRTUAL_ENV: ["run", "pulumi"],
  CONDA_PREFIX: ["run", "pulumi"],
  PYTHONPATH: ["run", "pulumi"],
  PYTHONHOME: ["run", "pulumi"],
  UV_DEFAULT_INDEX: ["uv", "run", "pulumi"],
  UV_INDEX_COMPANY_PASSWORD: ["uv", "run", "pulumi"],
  PIP_INDEX_URL: ["pip", "run", "pulumi"],
  GOPROXY: ["go", "run", "pulumi"],
  GOFLAGS: ["run", "pulumi"],
  // git's own
  GIT_DIR: ["run", "pulumi"],
  GIT_INDEX_FILE: ["run", "pulumi"],
  GIT_SSH_COMMAND: ["git-remote", "run", "pulumi"],
  GIT_CONFIG_COUNT: ["git-remote", "run", "pulumi"],
  // How it is told
  FORCE_COLOR: ["run"],
  CLICOLOR_FORCE: ["run"],
  PAGER: ["run", "pulumi"],
  GIT_PAGER: ["run", "pulumi"],
  LANGUAGE: ["run", "pulumi"],
};

describe.each(Object.entries(reach))("%s", (name, who) => {
  test("reaches whom it is for, and nobody else", () => {
    expect(children.filter((child) => given(child, { [name]: "1" }).length > 0)).toEqual(
      children.filter((child) => who.includes(child)),
    );
  });
});

test.each(["PATH", "HOME", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "SSL_CERT_FILE", "LD_LIBRARY_PATH"])(
  "%s is everybody's",
  (name) => {
    for (const child of children) expect(given(child, { [name]: "/x" })).toEqual([name]);
  },
);

test.each(children.filter((child) => !["run", "planned-run", "pulumi"].includes(child)))(
  "what %s prints is in no colour and in one language",
  (child) => {
    const env = environmentFor(child, {
      LANG: "de_DE.UTF-8",
      LC_ALL: "de_DE.UTF-8",
      LC_MESSAGES: "de_DE.UTF-8",
    });
    expect(env).toMatchObject({ NO_COLOR: "1", LC_ALL: "C.UTF-8" });
    expect(Object.keys(env).filter((name) => /^(LANG|LC_MESSAGES)/.test(name))).toEqual([]);
  },
);

test.each([{}, { HOME: "" }])("without a home, the system's is given", (from) => {
  for (const child of children) expect(environmentFor(child, from).HOME).toBe(homedir());
});

test("a run sees what the shell has, spelt as it is there", () => {
  const shell = { HTTPS_PROXY: "proxy:3128", NO_PROXY: "10.0.0.0/8", LANG: "de_DE.UTF-8", HOME: "/h" };
  expect(environmentFor("run", shell)).toEqual(shell);
});

test("what is added wins, and undefined takes away", () => {
  const env = environmentFor(
    "docker",
    { DOCKER_HOST: "a", PATH: "/bin" },
    { DOCKER_HOST: "b", PATH: undefined },
  );
  expect(env.DOCKER_HOST).toBe("b");
  expect(env).not.toHaveProperty("PATH");
});

describe("proxies", () => {
  const both = (name: string, value: string) => ({ [name]: value, [name.toUpperCase()]: value });
  const local = (hosts: string) => both("no_proxy", [hosts, "localhost", "127.0.0.1"].filter(Boolean).join());

  test.each([
    ["none", {}, {}],
    ["lower case", { http_proxy: "http://p:1" }, { ...both("http_proxy", "http://p:1"), ...local("") }],
    ["upper case", { HTTPS_PROXY: "http://p:1" }, { ...both("https_proxy", "http://p:1"), ...local("") }],
    [
      "both, of which the lower case wins",
      { all_proxy: "http://a:1", ALL_PROXY: "http://b:1" },
      { ...both("all_proxy", "http://a:1"), ...local("") },
    ],
    ["no scheme", { https_proxy: " p:3128 " }, { ...both("https_proxy", "http://p:3128"), ...local("") }],
    [
      "a password",
      { https_proxy: "me:s%40x@p:3128" },
      { ...both("https_proxy", "http://me:s%40x@p:3128"), ...local("") },
    ],
    ["socks", { ALL_PROXY: "socks5h://p:1080" }, { ...both("all_proxy", "socks5h://p:1080"), ...local("") }],
    ["an empty one", { https_proxy: "", NO_PROXY: "" }, {}],
    ["hosts with blanks", { NO_PROXY: "a.b, .c.d ,10.0.0.0/8" }, local("a.b,.c.d,10.0.0.0/8")],
    ["all hosts", { no_proxy: "*" }, both("no_proxy", "*")],
  ])("%s", (_, from, wanted) => {
    expect(proxies(from)).toEqual(wanted);
    expect(environmentFor("uv", from)).toMatchObject(wanted);
    expect(environmentFor("pulumi", from)).toMatchObject(wanted);
  });
});
