import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes an environment that a look at files finds whole, and the package that it runs, into a checkout's folder. */
export function writeWholeVenv(folder: string, version: string): void {
  const venv = join(folder, ".venv");
  const site = join(venv, "lib", `python${version.replace(/\.\d+$/, "")}`, "site-packages");
  const distInfo = join(site, "cooperbench-0.0.1.dist-info");
  const files = {
    [join(folder, "src", "cooperbench", "__init__.py")]: "",
    [join(venv, "pyvenv.cfg")]: `home = ${dirname(process.execPath)}\nversion_info = ${version}\n`,
    [join(venv, "bin", "cooperbench")]: `#!${join(venv, "bin", "python")}\n`,
    [join(site, "_cooperbench.pth")]: `${join(folder, "src")}\n`,
    [join(distInfo, "RECORD")]: "_cooperbench.pth,,\n",
    [join(distInfo, "direct_url.json")]: `{"url":"file://${folder}","dir_info":{"editable":true}}`,
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  symlinkSync(process.execPath, join(venv, "bin", "python")); // any program that is there
}
