/**
 * What a child process gets of this process's variables: for each kind of child a list of what passes, and what could
 * change its answers set. Every program that this project starts is started with such an environment.
 */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { indexVariables } from "./python-index.ts";

/** Variables of a process; undefined takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a child is: who reads the variables. */
export type Child = keyof typeof kinds;

interface Kind {
  /** Names that pass, beside those that pass for everybody. */
  readonly passes?: RegExp;
  /** Names that do not, of all others: for a program that shows, or may need, whatever the user's shell has. */
  readonly allBut?: RegExp;
  /** What is set, whatever the user has. */
  readonly sets?: Readonly<Record<string, string>>;
}

/** What any program may need: where things are, who asks, how the network is reached, whom it may trust. */
const everybody =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TZ|TMPDIR|TERM|XDG_\w+|(LD|DYLD)_\w+|SSL_CERT_(FILE|DIR)|NIX_SSL_CERT_FILE|SystemRoot)$/;

/** Neither colours nor another language in what is read here, and every letter of a path. */
const plain = { NO_COLOR: "1", LC_ALL: "C.UTF-8" };

/** How Docker's engine is reached, and where its settings and credentials are. A context, or an older API, would be another's word. */
const engine = "DOCKER_(HOST|CONFIG|CERT_PATH|TLS\\w*)|SSH_\\w+";

/** What stores of passwords and their helpers read. */
const stores =
  "DOCKER_CONFIG|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|GNUPGHOME|GPG_\\w+|PASSWORD_STORE_\\w+|AWS_\\w+|GOOGLE_\\w+|CLOUDSDK_\\w+|AZURE_(?!OPENAI)\\w+|SSH_\\w+|KRB5\\w*";

const certificates = "REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC";

/**
 * Variables of uv that say where packages and Pythons come from and how they are fetched. They are the user's to set.
 * All others say what is made, and what is made is this project's to say.
 */
const uvSources = `UV_(${[
  "DEFAULT_INDEX|INDEX|INDEX_\\w+|EXTRA_INDEX_URL|FIND_LINKS|KEYRING_PROVIDER|CREDENTIALS_DIR|GITHUB_\\w+|S3_\\w+",
  "OFFLINE|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|HTTP_\\w+|REQUEST_TIMEOUT|LOCK_TIMEOUT|CONCURRENT_\\w+",
  "CONFIG_FILE|NO_CONFIG|CACHE_DIR|NO_CACHE|LINK_MODE",
  "PYTHON_DOWNLOADS|PYTHON_DOWNLOADS_JSON_URL|PYTHON_INSTALL_\\w+|PYPY_INSTALL_MIRROR",
].join("|")})`;

const names = (...patterns: readonly string[]) => new RegExp(`^(${patterns.join("|")})$`);

const kinds = {
  /** git that asks or changes a repository here: no file of settings but the repository's own is read. */
  git: {
    passes: /^GIT_EXEC_PATH$/,
    sets: {
      ...plain,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_ATTR_NOSYSTEM: "1",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
    },
  },
  /** git that asks another repository: the user's settings say how that is reached. */
  "git-remote": {
    passes: names(
      "GIT_(EXEC_PATH|SSH|ASKPASS|SSL_|PROXY|HTTP|CURL|TRACE|ALLOW_PROTOCOL|PROTOCOL)\\w*",
      "GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\\d+|VALUE_\\d+)",
      stores,
    ),
    sets: { ...plain, GIT_TERMINAL_PROMPT: "0" },
  },
  /** The client of Docker's engine. */
  docker: { passes: names(engine, stores), sets: plain },
  /** uv, with what builds packages for it. */
  uv: {
    passes: names(
      uvSources,
      certificates,
      "PYENV_ROOT|CC|CXX|C(PP|XX)?FLAGS|LDFLAGS|RUSTFLAGS|PKG_CONFIG_PATH|CARGO_HOME|RUSTUP_HOME",
    ),
    // Over a uv.toml of the user's, with which uv would take the Python that it is told to use for none.
    sets: { ...plain, UV_PYTHON_PREFERENCE: "system" },
  },
  /** pip, and Python's own ways to make an environment. */
  pip: { passes: names("PIP_\\w+", certificates, "PYENV_\\w+"), sets: plain },
  /** Go, which builds this project's programs. */
  go: {
    passes: names(
      "GO(ENV|PROXY|NOPROXY|PRIVATE|SUMDB|NOSUMDB|INSECURE|AUTH|VCS|PATH|CACHE|MODCACHE)",
      certificates,
      "SSH_\\w+",
    ),
    sets: plain,
  },
  /** The Python of a CooperBench environment that is asked about itself, or about a service. */
  cooperbench: { passes: names(engine, certificates), sets: plain },
  /** A run of CooperBench, as the user starts it from this shell: with all that the shell has, and nothing that is Pulumi's or a step's. */
  run: { allBut: /^(PULUMI|COOPERBENCH_MACHINE)_/ },
  /** A run of CooperBench that this project starts: what decides it is in its `.env`, and in its arguments. */
  "planned-run": {
    passes: names(engine, certificates, "COLUMNS|LINES|COLORTERM|NO_COLOR|LANG|LC_\\w+"),
  },
  /** What keeps a registry's password for Docker. */
  "credential-helper": {
    passes: names(stores, "KEYCHAIN_\\w+|OP_\\w+|VAULT_\\w+|PASS_\\w+|ACR_\\w+|GCR_\\w+"),
    sets: plain,
  },
  /**
   * Pulumi: its backends and what keeps their secrets read much, and what it starts in turn shows what a run would see.
   * A context wins over the engine that its provider is told, and its plugins' ports are read from what they print.
   */
  pulumi: {
    allBut: /^(FORCE_COLOR|CLICOLOR_FORCE|DOCKER_(CONTEXT|API_VERSION|CONTENT_TRUST\w*|DEFAULT_PLATFORM))$/,
  },
  /** Any other program. */
  program: { passes: names("DOCKER_(HOST|CONFIG)|APT_CONFIG|PYENV_\\w+"), sets: plain },
} satisfies Record<string, Kind>;

/**
 * The whole environment of a child process.
 *
 * @param from variables that are there. Default: this process's.
 * @param more set on top of what is let through; undefined takes one away.
 */
export function environmentFor(
  child: Child,
  from: Environment = process.env,
  more: Environment = {},
): Record<string, string> {
  const { passes, allBut, sets }: Kind = kinds[child];
  const isLet = (name: string) =>
    allBut === undefined ? everybody.test(name) || passes?.test(name) === true : !allBut.test(name);
  const passed = Object.entries(from).filter(([name]) => isLet(name));
  return onlySet({
    ...Object.fromEntries(passed),
    HOME: homeOf(from),
    ...(child === "run" ? {} : proxies(from)),
    ...sets,
    ...(child === "uv" ? { ...indexVariables(from), ...systemCertificates(from) } : {}),
    ...more,
  });
}

/** The user's home: where none is set, the one that the system has for the user, and else none that can be written in. */
export function homeOf({ HOME }: Environment): string {
  if (HOME) return HOME;
  try {
    return userInfo().homedir;
  } catch {
    return "/nonexistent"; // a user that the system does not know
  }
}

/** Has uv trust whom the system trusts, as a company's proxy may need, where the system trusts anybody. */
function systemCertificates(from: Environment): Record<string, string> {
  const isSet = from.UV_SYSTEM_CERTS !== undefined || from.UV_NATIVE_TLS !== undefined;
  if (isSet || !STORES.some((file) => existsSync(file))) return {};
  return { UV_SYSTEM_CERTS: "true", UV_NATIVE_TLS: "true" }; // the name since 0.10, and the one before
}

/** Where systems have the certificates that they trust. */
const STORES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/System/Library/Keychains/SystemRootCertificates.keychain",
];

/** Variables that are set: those of a child process. */
export function onlySet(variables: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Where nothing is asked through a proxy, whatever the user has forgotten. */
const LOOPBACK = ["localhost", "127.0.0.1"];

/**
 * The user's proxies as every reader takes them: in lower and upper case, with a scheme, and hosts without blanks. The
 * lower case wins, as for curl, Node and Python.
 */
export function proxies(from: Environment): Record<string, string> {
  const found: Record<string, string> = {};
  const set = (name: string, value: string) => {
    found[name] = value;
    found[name.toUpperCase()] = value;
  };
  for (const name of ["http_proxy", "https_proxy", "all_proxy", "ftp_proxy"]) {
    const value = (from[name] || from[name.toUpperCase()])?.trim();
    if (value) set(name, value.includes("://") ? value : `http://${value}`);
  }
  const hosts = (from.no_proxy || from.NO_PROXY || "").split(/[\s,]+/).filter((host) => host !== "");
  if (hosts.length > 0 || Object.keys(found).length > 0)
    set("no_proxy", (hosts.includes("*") ? ["*"] : [...new Set([...hosts, ...LOOPBACK])]).join(","));
  return found;
}
