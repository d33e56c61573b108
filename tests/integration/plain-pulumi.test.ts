import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SOURCE_COMMIT } from "../../rehearsal/source-commit.ts";
import { codeBlocks, readPage } from "../page-commands.ts";
import { Lab } from "./lab.ts";
import { Project } from "./project.ts";

const key = "key-of-plain-pulumi";
const lab = new Lab();
const project = new Project(lab, "clone");
const state = `file://${join(lab.folder, "state")}`;
/** What of the commands is the user's to choose, and stands as it is here. */
const stack = "lab-1";
let variables: NodeJS.ProcessEnv;

/** The commands, as README prints them. */
const printed = codeBlocks(readPage("README.md"))
  .filter(({ heading }) => heading === "With plain Pulumi")
  .flatMap(({ lines }) => lines);

beforeAll(async () => {
  // A clone that nobody has used: no packages, and no stack of that name.
  for (const left of ["node_modules", ".packages", `Pulumi.${stack}.yaml`])
    rmSync(join(project.dir, left), { recursive: true, force: true });
  mkdirSync(join(lab.folder, "state"));
  const other = await lab.makeStack();
  expect(await lab.machine(["rehearsal", "start"])).toMatchObject({ code: 0 });
  // Pulumi, Node.js, uv and docker are on PATH, and Pulumi has its plugins: such is a machine that has them.
  const env = await lab.machine(["env", other, "--json"]);
  const { PATH, PULUMI_HOME } = JSON.parse(env.stdout).variables;
  variables = {
    ...{ PATH, PULUMI_HOME, COOPERBENCH_REHEARSAL_DIR: undefined },
    // For a user who is asked, at a terminal.
    ...{
      PULUMI_BACKEND_URL: state,
      PULUMI_CONFIG_PASSPHRASE: "of a test",
      PULUMI_SKIP_CONFIRMATIONS: "true",
    },
  };
});
afterAll(() => lab.close());

const sh = (line: string, input = "") =>
  lab.run("sh", ["-c", `cd "$1" && printf %s "$2" | ${line}`, "sh", project.dir, input], variables);
const images = async () => (await lab.references()).filter((name) => /^akhatua\/[^@]+$/.test(name)).length;

/** What each command is to have done, in this order. */
const ends: Readonly<Record<string, { readonly input?: string; readonly end: () => unknown }>> = {
  "npm ci": { end: () => expect(existsSync(join(project.dir, "node_modules/@pulumi/pulumi"))).toBe(true) },
  "pulumi login": { end: async () => expect((await sh("pulumi whoami --verbose")).stdout).toContain(state) },
  "pulumi stack init lab-1": {
    end: async () => expect((await sh("pulumi stack ls")).stdout).toMatch(/^lab-1\*/m),
  },
  "pulumi config set --secret cohereApiKey": {
    input: key,
    end: () => {
      const settings = readFileSync(project.settingsFile(stack), "utf8");
      expect(settings).toMatch(/cohereApiKey:\s+secure: v1:/);
      expect(settings).not.toContain(key);
      // The machine is a rehearsal, which no default is of.
      const { dockerHost, imagesLock, sourceRepository } = lab.rehearsal;
      project.configure(stack, {
        ...{
          dockerHost,
          imagesLock,
          cooperbenchRepository: sourceRepository,
          cooperbenchCommit: SOURCE_COMMIT,
        },
        ...{ cooperbenchDir: lab.checkout, pythonVersion: ">=3.10", tasks: ["dspy_task"] },
      });
    },
  },
  "pulumi preview": {
    end: async () => expect([await images(), existsSync(lab.checkout)]).toEqual([0, false]),
  },
  "pulumi up": {
    end: async () => {
      expect((await sh("pulumi stack output verified")).stdout).toBe("3/3\n");
      expect(readFileSync(lab.dotenv, "utf8")).toContain(key);
      expect(await sh("pulumi preview --expect-no-changes")).toMatchObject({ code: 0 });
      // What ./machine adds knows what they have made.
      const told = await project.machine(["status", stack], { ...variables });
      expect(told.stdout).toMatch(/\nReady, as a rehearsal: /);
    },
  },
  "pulumi destroy": {
    end: async () => {
      expect([await images(), existsSync(lab.checkout)]).toEqual([3, false]);
      expect((await sh("pulumi stack ls")).stdout).toMatch(/^lab-1\* .* 0$/m);
    },
  },
};

test("README's commands are the ones that are tried here", () => expect(printed).toEqual(Object.keys(ends)));

test.each(printed)("%s", { timeout: 600_000 }, async (line) => {
  const { input, end } = ends[line] ?? { end: () => expect.unreachable() };
  const { code, stdout, stderr } = await sh(line, input);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout + stderr).not.toContain(key);
  await end();
});
