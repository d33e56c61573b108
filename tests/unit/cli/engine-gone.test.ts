import { expect, test } from "vitest";
import { withoutEngines } from "../../../cli/engine-gone.ts";
import { requestVariable } from "../../../provision/steps/contract.ts";

const gone = "unix:///gone.sock";
const provider = (name: string, host: string) => ({
  urn: `urn::${name}`,
  type: "pulumi:providers:docker",
  id: "1",
  inputs: { host },
});
const onEngine = (name: string, kind: string, of: string, more: object = {}) => ({
  urn: `urn::${name}`,
  type: `docker:index/${kind.toLowerCase()}:${kind}`,
  provider: `urn::${of}::1`,
  ...more,
});
const command = (name: string, step: string, request: object, more: object = {}) => ({
  urn: `urn::${name}`,
  type: "command:local:Command",
  inputs: {
    interpreter: ["node", "provision/main.ts", step],
    environment: { [requestVariable]: JSON.stringify(request) },
  },
  ...more,
});
const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" };

test("what is on an engine that is gone leaves the state, and what names it there; all else stays, secrets too", () => {
  const left = [
    provider("other-engine", "unix:///here.sock"),
    onEngine("image-here", "RemoteImage", "other-engine"),
    command("git-use", "service-use", { dockerHost: "unix:///here.sock" }),
    command("key", "dotenv", {}, { outputs: { stdin: secret } }),
  ];
  const exported = {
    version: 3,
    deployment: {
      manifest: { time: "2026-01-01" },
      resources: [
        ...left,
        provider("engine", gone),
        onEngine("image", "RemoteImage", "engine"),
        command("redis-use", "service-use", { dockerHost: gone }),
        onEngine("redis", "Container", "engine", { deletedWith: "urn::redis-use" }),
        command(
          "probe",
          "probe",
          { dockerHost: gone },
          {
            dependencies: ["urn::image", "urn::key"],
            propertyDependencies: { triggers: ["urn::image"], create: null },
            deletedWith: "urn::redis",
          },
        ),
      ],
    },
  };
  const {
    dependencies: _,
    deletedWith: __,
    ...probe
  } = exported.deployment.resources.at(-1) as {
    dependencies?: unknown;
    deletedWith?: unknown;
  };
  expect(JSON.parse(withoutEngines(JSON.stringify(exported), new Set([gone])))).toEqual({
    version: 3,
    deployment: {
      manifest: { time: "2026-01-01" },
      resources: [
        ...left,
        {
          ...probe,
          dependencies: ["urn::key"],
          propertyDependencies: { triggers: [], create: [] },
        },
      ],
    },
  });
});
