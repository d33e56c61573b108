import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { askHelper } from "../../../../provision/registry/credential-helper.ts";
import { credentialsFor, missingHelper } from "../../../../provision/registry/docker-login.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = temporaryFolder("credentials-");
  env = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` };
});

function configure(content: unknown): void {
  writeFileSync(join(folder, "config.json"), typeof content === "string" ? content : JSON.stringify(content));
}

function helper(name: string, script: string): void {
  const file = join(folder, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const answer = (username: string, secret: string) =>
  `echo '${JSON.stringify({ Username: username, Secret: secret })}'`;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const hub = "https://index.docker.io/v1/";

test("without a configuration there are none", async () => {
  expect(await credentialsFor("r.example", env)).toBeUndefined();
  configure({ auths: { "other.example": { auth: base64("me:x") } } });
  expect(await credentialsFor("r.example", env)).toBeUndefined();
});

test.each([
  ["r.example", "r.example"],
  ["r.example:5000", "r.example:5000"],
  ["r.example", "https://r.example/v1/"],
  ["registry-1.docker.io", hub],
  ["docker.io", hub],
])("those of %s are under %s; a password may hold colons", async (host, key) => {
  configure({ auths: { [key]: { auth: base64("me:pass:word") } } });
  expect(await credentialsFor(host, env)).toEqual({ username: "me", password: "pass:word" });
});

test("an identity token comes before a password", async () => {
  configure({ auths: { "r.example": { auth: base64("me:"), identitytoken: "token" } } });
  expect(await credentialsFor("r.example", env)).toEqual({ username: "me", identitytoken: "token" });
});

test("a host's helper comes before the common one, and that before the file; the host is its input", async () => {
  helper("own", `cat >${folder}/asked; echo "$@" >>${folder}/asked; ${answer("own", "1")}`);
  helper("common", answer("common", "2"));
  configure({
    credHelpers: { "r.example": "own" },
    credsStore: "common",
    auths: { "r.example": { auth: base64("file:3") }, "s.example": {} },
  });
  expect(await credentialsFor("r.example", env)).toEqual({ username: "own", password: "1" });
  expect(readFileSync(join(folder, "asked"), "utf8")).toBe("r.exampleget\n");
  expect(await credentialsFor("s.example", env)).toEqual({ username: "common", password: "2" });
});

test("Docker Hub's helper is asked under Docker Hub's key", async () => {
  helper("own", `cat >${folder}/asked; ${answer("<token>", "t")}`);
  configure({ credHelpers: { [hub]: "own" } });
  expect(await credentialsFor("registry-1.docker.io", env)).toEqual({
    username: "<token>",
    identitytoken: "t",
  });
  expect(readFileSync(join(folder, "asked"), "utf8")).toBe(hub);
});

test("a helper that knows no credentials is no failure", async () => {
  helper("empty", "echo credentials not found in native keychain; exit 1");
  configure({ credsStore: "empty" });
  expect(await credentialsFor("r.example", env)).toBeUndefined();
});

test.each([
  [
    "locked",
    "echo the keychain is locked >&2; exit 3",
    /docker-credential-locked.* ended with 3: the keychain/,
  ],
  [
    "torn",
    `${answer("me", "geheim")}; exit 1`,
    /docker-credential-torn.* ended with 1\n[\s\S]*echo r.example \| docker-credential-torn get\n/,
  ],
  ["odd", "echo geheim", /docker-credential-odd answered .*other than JSON with Username and Secret/],
])(
  "helper %s fails with its name and a remedy, and without what it printed",
  async (name, script, message) => {
    helper(name, script);
    configure({ credsStore: name });
    const error: Error = await credentialsFor("r.example", env).then(
      () => expect.fail("it did not fail"),
      (error) => error,
    );
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("geheim");
    expect(error.message, "it is installed").not.toContain("install");
  },
);

test("a helper that is named and not there: what is public is asked for without it, and it can be told", async () => {
  configure({ credsStore: "gone", auths: { "s.example": { auth: base64("me:x") } } });
  expect(await credentialsFor("r.example", env)).toBeUndefined();
  expect(await credentialsFor("s.example", env)).toEqual({ username: "me", password: "x" });
  expect(missingHelper("r.example", env)).toBe(
    `${folder}/config.json names docker-credential-gone, which is not on PATH`,
  );
  helper("gone", answer("me", "y"));
  expect(missingHelper("r.example", env)).toBeUndefined();
});

test("a helper gets nothing of Pulumi's, and no key of the shell's", async () => {
  helper("nosy", `env >${folder}/got; ${answer("me", "x")}`);
  configure({ credsStore: "nosy" });
  const secrets = {
    PULUMI_CONFIG: '{"k":"geheim"}',
    PULUMI_CONFIG_PASSPHRASE: "geheim",
    COHERE_API_KEY: "geheim",
  };
  await credentialsFor("r.example", { ...env, ...secrets, GPG_TTY: "/dev/pts/0" });
  const got = readFileSync(join(folder, "got"), "utf8");
  expect(got).not.toContain("geheim");
  expect(got).toContain("GPG_TTY=/dev/pts/0");
});

test("a helper that hangs is ended after the time limit", async () => {
  helper("hanging", "sleep 5");
  await expect(askHelper("hanging", "r.example", env, 0.1)).rejects.toThrow(/did not answer within 0\.1 s/);
});

test.each([
  ['{"auths": {"r.example": {"auth": "geheim"', /config\.json \(it is not JSON\)\nFix: /],
  [
    '{"auths": {"r.example": {"auth": 7}}}',
    /does not have the form that docker writes \(auths r\.example auth\)/,
  ],
  [
    '{"auths": {"r.example": {"auth": "geheim"}}}',
    /auths r\.example: auth is not a user .*\nFix: docker login r\.example/,
  ],
])("the configuration %s is told, without its content", async (text, message) => {
  configure(text);
  const error: Error = await credentialsFor("r.example", env).then(
    () => expect.fail("it did not fail"),
    (error) => error,
  );
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain("geheim");
});
