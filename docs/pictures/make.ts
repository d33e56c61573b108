/**
 * Makes the pictures of the documentation again, from real runs in a rehearsal of their own.
 * Usage: ./machine exec node docs/pictures/make.ts
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Lab } from "../../tests/integration/lab.ts";
import { photograph } from "./browser.ts";
import { type Recorded, record, type Size } from "./terminal.ts";

const machine = join(resolve(import.meta.dirname, "../.."), "machine");
const usual: Size = { columns: 80, rows: 24 };
const large: Size = { columns: 200, rows: 50 };
const stack = "lab-1";

const lab = new Lab();
const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const { code, stdout, stderr } = await lab.machine(args, env);
  if (code !== 0) throw new Error(stdout + stderr);
};
const save = (name: string, picture: string | undefined) => {
  if (picture === undefined) throw new Error(`there was no screen for ${name}`);
  writeFileSync(join(import.meta.dirname, `${name}.svg`), picture);
  console.log(`docs/pictures/${name}.svg`);
};
const shown = (
  args: readonly string[],
  size: Size,
  isWanted?: (screen: string) => boolean,
): Promise<Recorded> => record([machine, ...args], size, lab.env, isWanted);
/** An update at work: some images are verified, and some are being pulled. */
const isAtWork = (screen: string) => /pulling/.test(screen) && /verified/.test(screen);

try {
  await run(["new", stack, "--rehearsal", lab.rehearsal.dir], { COHERE_API_KEY: "key-of-a-picture" });
  await run(["set", stack, "cooperbenchDir", lab.checkout]);
  await run(["rehearsal", "start", lab.rehearsal.dir]);
  save("up", (await shown(["up", stack], usual, isAtWork)).during);
  save("status", (await shown(["status", stack], { ...usual, columns: 120 })).end);
  await run(["oracle", stack]);
  await run(["report", stack, "--out", join(lab.folder, "report.html")]);
  await photograph(join(lab.folder, "report.html"), join(import.meta.dirname, "report.png"), {
    ...{ width: 1240, height: 1010 },
  });
  console.log("docs/pictures/report.png");
  for (const { Id, RepoTags } of await lab.engine.listImages())
    if (RepoTags?.some((tag) => tag.startsWith("akhatua/")))
      await lab.engine.getImage(Id).remove({ force: true });
  save("up-large", (await shown(["up", stack], large, isAtWork)).during);
  // An image that the registry does not have.
  await lab.engine.getImage("akhatua/cooperbench-go-chi:task26").remove({ force: true });
  await run(["set", stack, "probeTimeoutSeconds", "1"]);
  save("up-failing", (await shown(["up", stack], usual)).end);
} finally {
  await lab.machine(["remove", stack, "--yes"]);
  await lab.close();
}
