/** What a child process gets of this process's variables: for each kind an allow-list, and what could change its answers set. */

/** Variables of a process; undefined takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a child is: who reads the variables. */
export type Child = "git" | "docker" | "uv" | "cooperbench" | "credential-helper" | "pulumi" | "program";

/** What every program may need: where things are, who asks, how the network is reached. */
const everybody =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TZ|TMPDIR|TERM|XDG_\w+|LD_LIBRARY_PATH|(http|https|all|ftp|no)_proxy|SSL_CERT_(FILE|DIR)|SYSTEMROOT)$/i;

/** What each kind may need beside that. */
const own: Readonly<Record<Child, RegExp>> = {
  git: /^(GIT_(SSH|ASKPASS|SSL_|PROXY|HTTP|CURL|TRACE|ALLOW_PROTOCOL|PROTOCOL|EXEC_PATH|CONFIG_)\w*|SSH_\w+|DISPLAY|WAYLAND_DISPLAY|KRB5\w*|DBUS_SESSION_BUS_ADDRESS)$/,
  docker: /^(DOCKER_(HOST|CONFIG|CERT_PATH|TLS\w*)|SSH_\w+|XTABLES_LIBDIR)$/,
  uv: /^(UV_\w+|NETRC|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|PYENV_ROOT)$/,
  cooperbench: /^(DOCKER_(HOST|CONFIG|CERT_PATH|TLS\w*)|SSH_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)$/,
  "credential-helper":
    /^(DOCKER_CONFIG|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|GNUPGHOME|GPG_\w+|PASSWORD_STORE_\w+|AWS_\w+|GOOGLE_\w+|CLOUDSDK_\w+|AZURE_\w+|SSH_\w+)$/,
  pulumi:
    /^(PULUMI_\w+|DOCKER_\w+|NODE_\w+|GO(GC|MEMLIMIT)|AWS_\w+|GOOGLE_\w+|AZURE_\w+|SSH_\w+|COOPERBENCH_\w+)$/,
  program: /^$/,
};

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
  const passed = Object.entries(from).filter(([name]) => everybody.test(name) || own[child].test(name));
  const all = { ...Object.fromEntries(passed), ...more };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
