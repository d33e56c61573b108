import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { writeDotenv } from "../../../../provision/steps/dotenv.ts";
import { lab1 } from "../../../owners.ts";
import { readsBack } from "../../../reads-back.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder("dotenv-");
  file = join(folder, ".env");
});

test("a new .env gives a shell and so a dotenv reader the very values", async () => {
  await writeDotenv(
    file,
    lab1,
    { LITELLM_LOG: "plain", COHERE_API_KEY: "two words # no comment" },
    readsBack,
  );
  const read = execFileSync("sh", ["-c", '. "$0"; printf %s "$LITELLM_LOG|$COHERE_API_KEY"', file], {
    encoding: "utf8",
  });
  expect(read).toBe("plain|two words # no comment");
});

// Takes root, to be another user for once.
test.runIf(process.getuid?.() === 0).each(["640", "600"])(
  "a .env that is another's (mode %s) is not taken by a user, and says how to go on",
  (bits) => {
    writeFileSync(file, "A=1\n");
    chownSync(file, 1234, 1234);
    chmodSync(file, Number.parseInt(bits, 8) | (bits === "640" ? 0o004 : 0));
    chmodSync(folder, 0o777);
    const module = resolve(import.meta.dirname, "../../../../provision/steps/dotenv.ts");
    const script = `const { writeDotenv } = await import(${JSON.stringify(module)});
      process.setgroups([]); process.setgid(4321); process.setuid(4321);
      await writeDotenv(${JSON.stringify(file)}, { stack: "lab-1" }, { LITELLM_LOG: "1" }, async () => [{ other: [], unread: [] }, { other: [], unread: [] }]).catch((error) => console.log(error.name, error.message));`;
    const args = ["--input-type=module", "--eval", script];
    const said = execFileSync(process.execPath, args, { encoding: "utf8" });
    expect(said).toMatch(/^Problem .*\.env is user 1234's, and this is user 4321.*\nFix: [\s\S]*chown 4321/);
    const { uid, gid } = statSync(file);
    expect([uid, gid, readFileSync(file, "utf8")]).toEqual([1234, 1234, "A=1\n"]);
  },
);

test.runIf(process.getuid?.() === 0)(
  "what another may not read of it is not known to them, and whose it is",
  () => {
    writeFileSync(file, "A=1\n", { mode: 0o600 });
    chownSync(file, 1234, 1234);
    chmodSync(folder, 0o755);
    const module = resolve(import.meta.dirname, "../../../../provision/look.ts");
    const script = `const { lookAt, faultIn } = await import(${JSON.stringify(module)});
    const wanted = {
      owner: { stack: "lab-1" }, dockerHost: "unix:///nowhere", folder: ${JSON.stringify(folder)}, git: false,
      pythonVersion: "3.12", modelApiBase: "https://api.example", smoke: [],
    };
    process.setgroups([]); process.setgid(4321); process.setuid(4321);
    const { dotenv, route } = await lookAt(wanted);
    console.log(faultIn(dotenv) + "\\n" + faultIn(route));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
    });
    const why = `it is not known, because it cannot be looked at (${file} is user 1234's, with mode 600, and this is user 4321, who may not read it)`;
    expect(said).toBe(`${why}\n${why}\n`);
  },
);
