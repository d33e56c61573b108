import type { Series } from "./measure.ts";

/** What is measured on an engine, in seconds of whole processes. */
export interface Figures {
  /** `./machine --help`. */
  readonly help: Series;
  /** `./machine status`. */
  readonly status: Series;
  /** `./machine verify` of 26 images. */
  readonly verify: Series;
  /** `pulumi preview` of a program that only imports the SDK. */
  readonly plain: Series;
  /** `./machine preview` of 26 images, where nothing differs. */
  readonly preview: Series;
  /** `./machine up` with everything there but 26 images of 20 MB. */
  readonly up: Series;
  /** Bare pulls of the same, and then bare probes, 16 at a time. */
  readonly bare: Series;
  /** `up` and `bare` of 26 images of 250 MB. */
  readonly upLarge?: Series;
  readonly bareLarge?: Series;
  /** By the number of images: `./machine preview`, and the `./machine up` that brought the additional ones. */
  readonly many: readonly { readonly images: number; readonly up: number; readonly preview: Series }[];
}

const width = 640;
const row = 22;
const left = 250;
const colours: Readonly<Record<string, string>> = { debian: "#4269d0", modern: "#ff725c" };

/** Bars of the medians with their spread, and the previews by their number of images. */
export function performancePicture(all: Readonly<Record<string, Partial<Figures>>>): string {
  const rows = Object.entries(all).flatMap(([engine, figures]) => [
    ...bar(engine, "preview of a program of the SDK alone", figures.plain),
    ...bar(engine, "./machine preview, 26 images", figures.preview),
    ...(figures.many ?? []).flatMap(({ images, preview }) =>
      images > 26 ? bar(engine, `./machine preview, ${images} images`, preview) : [],
    ),
    ...bar(engine, "./machine status", figures.status),
    ...bar(engine, "./machine verify, 26 images", figures.verify),
    ...bar(engine, "bare pulls and probes, 26 of 20 MB", figures.bare),
    ...bar(engine, "./machine up, the same 26", figures.up),
  ]);
  const most = Math.max(1, ...rows.map(({ value }) => value.most));
  const x = (seconds: number) => left + (seconds / most) * (width - left - 70);
  const lines = rows.map(({ engine, label, value }, index) => {
    const y = 40 + index * row;
    const middle = y + 8;
    return [
      `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${label}</text>`,
      `<rect x="${left}" y="${y}" width="${(x(value.median) - left).toFixed(1)}" height="16" fill="${colours[engine]}"/>`,
      `<path d="M${x(value.least).toFixed(1)} ${middle}H${x(value.most).toFixed(1)}" stroke="#333"/>`,
      `<text x="${(x(value.most) + 6).toFixed(1)}" y="${y + 12}">${value.median.toFixed(2)} s</text>`,
    ].join("\n");
  });
  const legend = Object.keys(all).map(
    (engine, index) =>
      `<rect x="${left + index * 190}" y="10" width="12" height="12" fill="${colours[engine]}"/><text x="${left + 18 + index * 190}" y="20">${engine === "debian" ? "Docker 20.10 of Debian" : "containerd's image store"}</text>`,
  );
  const height = 56 + rows.length * row;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    "<title>How long commands take, in seconds: medians, with the least and the most</title>",
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...legend,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

function bar(engine: string, label: string, value: Series | undefined) {
  return value === undefined ? [] : [{ engine, label, value }];
}
