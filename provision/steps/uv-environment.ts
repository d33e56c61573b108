/**
 * Variables of uv that say where packages and Pythons come from and how they are fetched. They are the user's to set.
 * All others say what is made, and what is made is this project's to say.
 */
const SOURCES = new RegExp(
  `^UV_(${[
    "DEFAULT_INDEX|INDEX|INDEX_\\w+|EXTRA_INDEX_URL|FIND_LINKS|KEYRING_PROVIDER|CREDENTIALS_DIR|GITHUB_\\w+|S3_\\w+",
    "OFFLINE|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|HTTP_\\w+|REQUEST_TIMEOUT|LOCK_TIMEOUT|CONCURRENT_\\w+",
    "CONFIG_FILE|NO_CONFIG|CACHE_DIR|NO_CACHE|LINK_MODE",
    "PYTHON_DOWNLOADS|PYTHON_DOWNLOADS_JSON_URL|PYTHON_INSTALL_\\w+|PYPY_INSTALL_MIRROR",
  ].join("|")})$`,
);

/** Variables of a shell that lead uv, or the Python that it runs, to another environment or other packages. */
const OTHER_PLACES = /^(VIRTUAL_ENV(_PROMPT)?|CONDA_\w+|PYTHON(PATH|HOME|USERBASE|STARTUP|PLATLIBDIR))$/;

/** Secrets of Pulumi, which build backends have no use for, and what colours the output that is read here. */
const NOT_FOR_UV = /^(PULUMI_\w+|FORCE_COLOR|CLICOLOR_FORCE)$/;

/**
 * Variables for uv, on top of this process's: what is made does not depend on the shell that it is made from, and the
 * user's own index, proxy, certificates and cache stay in use.
 */
export function uvEnvironment(from: NodeJS.ProcessEnv = process.env): Record<string, string | undefined> {
  const dropped = Object.keys(from).filter(
    (name) =>
      (name.startsWith("UV_") && !SOURCES.test(name)) || OTHER_PLACES.test(name) || NOT_FOR_UV.test(name),
  );
  return {
    ...Object.fromEntries(dropped.map((name) => [name, undefined])),
    // Over a uv.toml of the user's, with which uv would take the Python that it is told to use for none.
    UV_PYTHON_PREFERENCE: "system",
    NO_COLOR: "1",
  };
}
