/** A page as a browser shows it: Debian's Chromium without a window, unpacked and installed nowhere. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { environmentFor } from "../../lib/environment.ts";
import { output } from "../../lib/run.ts";
import { fetchPackages, multiarch } from "../../rehearsal/debian-packages.ts";

/** Takes a picture of a page's top, as a PNG. Of the page itself Chromium opens the file alone, and asks nobody. */
export async function photograph(
  page: string,
  picture: string,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<void> {
  const packages = ["chromium-common", "chromium-headless-shell", "fontconfig-config", "fonts-dejavu-core"];
  const root = await fetchPackages(packages, console.log);
  await output(
    join(root, "usr/lib/chromium/chromium-headless-shell"),
    [
      // It is a page of ours, and Chromium's own sandbox refuses root.
      ...["--no-sandbox", "--hide-scrollbars", `--window-size=${width},${height}`],
      ...[`--screenshot=${picture}`, pathToFileURL(page).href],
    ],
    {
      env: environmentFor("program", process.env, {
        LD_LIBRARY_PATH: [
          "usr/lib/chromium",
          `usr/lib/${multiarch}`,
          `usr/lib/${multiarch}/pulseaudio`,
          `lib/${multiarch}`,
        ]
          .map((name) => join(root, name))
          .join(":"),
        FONTCONFIG_PATH: join(root, "etc/fonts"),
        XDG_DATA_HOME: join(root, "usr/share"),
      }),
    },
  );
}
