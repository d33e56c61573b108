import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { engineHostOf } from "../../../../provision/engine/host.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let home: string;
beforeEach(() => {
  home = temporaryFolder("host-");
});

/** A context as `docker context create` leaves it, in ~/.docker or another folder. */
function context(name: string, host: string, folder = join(home, ".docker")): void {
  const id = createHash("sha256").update(name).digest("hex");
  const meta = join(folder, "contexts", "meta", id);
  mkdirSync(meta, { recursive: true });
  const content = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  writeFileSync(join(meta, "meta.json"), JSON.stringify(content));
}
function current(name: string): void {
  mkdirSync(join(home, ".docker"), { recursive: true });
  writeFileSync(join(home, ".docker", "config.json"), JSON.stringify({ currentContext: name }));
}
/** The host where these sockets are there. */
const find = (env = {}, sockets: readonly string[] = ["/var/run/docker.sock"], setting = "") =>
  engineHostOf(setting, { env, home, exists: (path) => sockets.includes(path) });

test("the setting comes first, then DOCKER_HOST, then the context, then the usual socket, as for docker", () => {
  context("lab", "ssh://me@lab");
  context("other", "tcp://other:2375");
  current("lab");
  const env = { DOCKER_HOST: "unix:///shell.sock", DOCKER_CONTEXT: "other" };
  expect(find(env, [], "unix:///mine.sock")).toEqual({
    host: "unix:///mine.sock",
    from: "the setting dockerHost",
  });
  expect(find(env)).toEqual({
    host: "unix:///shell.sock",
    from: "DOCKER_HOST",
    word: "a shell without it means another engine",
  });
  expect(find({ DOCKER_CONTEXT: "other" })).toEqual({
    host: "tcp://other:2375",
    from: "your docker context other",
  });
  expect(find()).toEqual({ host: "ssh://me@lab", from: "your docker context lab" });
  expect(find({ DOCKER_CONTEXT: "default" })).toEqual({
    host: "unix:///var/run/docker.sock",
    from: "its usual socket",
  });
});

test("docker's files are where DOCKER_CONFIG says", () => {
  const elsewhere = join(home, "elsewhere");
  context("lab", "ssh://me@lab", elsewhere);
  writeFileSync(join(elsewhere, "config.json"), '{"currentContext":"lab"}');
  expect(find({ DOCKER_CONFIG: elsewhere })).toMatchObject({ host: "ssh://me@lab" });
});

test("a context that is not there is refused, since docker refuses it, too", () => {
  current("gone");
  expect(() => find()).toThrow(/config\.json names a docker context gone.*\nFix: docker context use default/);
  expect(() => find({ DOCKER_CONTEXT: "lost" })).toThrow(
    /^DOCKER_CONTEXT names a docker context lost.*\nFix: unset DOCKER_CONTEXT/,
  );
});

test("a context with certificates of its own is pointed out, with the variables by which all clients have them", () => {
  context("tls", "tcp://lab:2376");
  const id = createHash("sha256").update("tls").digest("hex");
  const certificates = join(home, ".docker", "contexts", "tls", id, "docker");
  mkdirSync(certificates, { recursive: true });
  expect(find({ DOCKER_CONTEXT: "tls" })).toMatchObject({
    word: "the context has certificates, which only docker itself can use",
    remedy: {
      command: [
        "export",
        "DOCKER_HOST=tcp://lab:2376",
        "DOCKER_TLS_VERIFY=1",
        `DOCKER_CERT_PATH=${certificates}`,
      ],
    },
  });
});

test("a broken configuration of docker's names no context", () => {
  mkdirSync(join(home, ".docker"));
  writeFileSync(join(home, ".docker", "config.json"), "{");
  expect(find()).toMatchObject({ host: "unix:///var/run/docker.sock" });
});

test("of two engines the one that docker uses is taken, and the other is pointed out", () => {
  const env = { XDG_RUNTIME_DIR: "/run/user/7" };
  expect(find(env, ["/var/run/docker.sock", "/run/user/7/docker.sock"])).toEqual({
    host: "unix:///var/run/docker.sock",
    from: "its usual socket",
    word: "docker uses it; there is another engine at unix:///run/user/7/docker.sock",
  });
});

test("where the usual socket is not there, a rootless engine's or Docker Desktop's is taken", () => {
  const word = expect.stringContaining("`docker` here uses another");
  const rootless = find({ XDG_RUNTIME_DIR: "/run/user/7" }, ["/run/user/7/docker.sock"]);
  expect(rootless).toMatchObject({ host: "unix:///run/user/7/docker.sock", word });
  const own = `/run/user/${process.getuid?.()}/docker.sock`;
  expect(find({}, [own])).toMatchObject({ host: `unix://${own}`, word });
  for (const desktop of [".docker/run/docker.sock", ".docker/desktop/docker.sock"])
    expect(find({}, [join(home, desktop)])).toMatchObject({ host: `unix://${home}/${desktop}`, word });
  expect(find({}, [])).toEqual({ host: "unix:///var/run/docker.sock", from: "its usual socket" });
});
