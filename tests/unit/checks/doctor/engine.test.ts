import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { engineFinding } from "../../../../checks/doctor/engine.ts";
import { shown } from "../../../../checks/finding.ts";
import { known } from "../../../../lib/known.ts";
import { machine } from "../../../../lib/remedy.ts";
import { askEngine } from "../../../../provision/engine/ask.ts";
import { engineFacts, engineInfo } from "./facts.ts";

const place = { dockerHost: "unix:///run/docker.sock", stack: "lab" };
const closed = [{ name: "plugin docker", version: "5.2.0", from: "closed-network set" }];
const official = [{ name: "plugin docker", version: "5.2.0", from: "found in /root/.pulumi" }];

test("an engine is told with its versions", () => {
  expect(engineFinding(known(engineFacts()), place, closed)).toMatchObject({
    check: "engine",
    level: "ok",
    found: "Docker 28.2.2 at unix:///run/docker.sock: API 1.50, the oldest that it serves is 1.24",
  });
});

test.each([
  ["1.41", "ok"],
  ["1.40", "warning"],
])("API %s is %s", (ApiVersion, level) =>
  expect(engineFinding(known(engineFacts({ ApiVersion })), place, []).level).toBe(level),
);

test.each([
  ["1.41", closed, "ok"],
  ["1.44", closed, "blocker"],
  ["1.44", official, "ok"],
  ["1.44", [], "ok"],
])("an engine whose oldest API is %s with the plugins %j is %s", (MinAPIVersion, pieces, level) =>
  expect(engineFinding(known(engineFacts({ MinAPIVersion })), place, pieces).level).toBe(level),
);

test("an engine that does not answer stops an update, with the ways out", () => {
  const finding = engineFinding({ unknown: "connect ENOENT" }, place, []);
  expect(finding.level).toBe("blocker");
  expect(finding.found).toMatch(/engine at unix:\/\/\/run\/docker\.sock does not answer \(connect ENOENT\)/);
  expect(finding.remedy).toMatch(/^Fix: start it .*set lab dockerHost HOST\n.*\.\/machine up dev/s);
  expect(engineFinding({ unknown: "connect EACCES" }, place, []).remedy).toMatch(
    /^Fix: run this as .*group docker/,
  );
});

test("is told with what it was taken from, and with what is to be known of that", () => {
  const engine = { from: "DOCKER_HOST", word: "a shell without it means another engine" };
  expect(engineFinding(known(engineFacts()), { ...place, engine }, []).found).toBe(
    "Docker 28.2.2 at unix:///run/docker.sock (by DOCKER_HOST): API 1.50, the oldest that it serves is 1.24; a shell without it means another engine",
  );
  expect(engineFinding({ unknown: "x" }, { ...place, engine }, []).found).toContain("(by DOCKER_HOST)");
});

test("one that does not answer is told with that, too, and with the fix that is known already", () => {
  const engine = {
    from: "your docker context tls",
    word: "it has certificates",
    remedy: { command: ["export", "DOCKER_HOST=tcp://lab"] },
  };
  expect(engineFinding({ unknown: "x" }, { ...place, engine }, [])).toMatchObject({
    found: expect.stringMatching(
      /\(by your docker context tls\) does not answer \(x\).*; it has certificates$/,
    ),
    remedies: [engine.remedy],
  });
});

test("podman is no engine of Docker's, whatever its API says", () => {
  const Components = [{ Name: "Podman Engine" }, { Name: "Conmon" }];
  const facts = engineFacts({ Version: "4.3.1", ApiVersion: "1.41", Components });
  expect(engineFinding(known(facts), place, closed)).toMatchObject({
    level: "blocker",
    found: expect.stringMatching(/^podman 4\.3\.1 answers at unix:.* keeps the entrypoint/),
    remedy: expect.stringMatching(/^Fix: install Docker's engine .*set lab dockerHost HOST\n/s),
  });
  expect(engineFinding(known(engineFacts({ Components: [{ Name: "Engine" }] })), place, []).level).toBe("ok");
});

test("a rootless one is named so, and its settings are its user's", () => {
  const facts = {
    ...engineFacts({ MinAPIVersion: "1.44" }),
    info: engineInfo({ SecurityOptions: ["name=rootless"] }),
  };
  const { found, remedy } = engineFinding(known(facts), place, closed);
  expect(found).toContain("Docker 28.2.2, rootless, at unix:");
  expect(remedy).toMatch(
    /in \/\S+\/docker\/daemon\.json, and restart the engine \(systemctl --user restart docker\)$/,
  );
  expect(remedy).not.toContain("/etc/docker");
});

test("a rehearsal's that is another user's is not said to be down", () => {
  const of = { ...place, startedBy: machine("up", "dev") };
  expect(engineFinding({ unknown: "connect EACCES /r/docker.sock" }, of, [])).toMatchObject({
    check: "engine",
    level: "blocker",
    found:
      "the rehearsal's engine at unix:///run/docker.sock is there, but this user may not use it (connect EACCES /r/docker.sock)",
    ...shown({ advice: "run this as the user who started it" }),
  });
});

test("one that this project starts is no blocker before", () => {
  const finding = engineFinding({ unknown: "x" }, { ...place, startedBy: machine("up", "dev") }, []);
  expect(finding).toMatchObject({ level: "warning", remedies: [machine("up", "dev")] });
});

test("an engine that takes a question and gives no answer is not waited for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
  const sockets = new Set<import("node:net").Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  expect(await askEngine(`unix://${folder}/s`, 100)).toEqual({ unknown: "no answer in 0.1 s" });
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true });
});
