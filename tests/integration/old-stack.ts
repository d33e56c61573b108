import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { ImagesLock } from "../../benchmark/images-lock.ts";
import { standInCommits } from "../../benchmark/stand-ins.ts";
import { datasetHash, taskFolder } from "../../provision/steps/task-dataset.ts";
import type { Lab } from "./lab.ts";

/**
 * A file of what a version has left of a stack, kept in tests/fixtures, with this machine's folders, images and host in
 * place of their names.
 *
 * @param more what stands for other names in braces.
 */
export function readOldStack(
  version: string,
  file: string,
  lab: Lab,
  more: Readonly<Record<string, string>> = {},
): string {
  const { images } = JSON.parse(readFileSync(lab.rehearsal.imagesLock, "utf8")) as ImagesLock;
  const names: Readonly<Record<string, string>> = {
    REPOS: join(lab.folder, "repos"),
    REHEARSAL: lab.rehearsal.dir,
    HOST: hostname(),
    ...more,
  };
  const commits = standInCommits(lab.rehearsal.dir);
  const found: Readonly<Record<string, (of: string) => string | undefined>> = {
    digest: (reference) => images[reference]?.digest,
    imageId: (reference) => images[reference]?.imageId,
    commit: (task) => commits[task],
    dataset: (task) => {
      const [repo = "", id] = task.split("/");
      return datasetHash(taskFolder(lab.checkout, { repo, taskId: Number(id) }));
    },
  };
  const text = readFileSync(join(import.meta.dirname, `../fixtures/stack-of-${version}`, file), "utf8");
  return text.replaceAll(
    /\{([A-Z_]+|(?:digest|imageId|commit|dataset) \S+?)( hex)?\}/g,
    (name, key: string, hex) => {
      const [field = "", of = ""] = key.split(" ");
      const value = names[key] ?? found[field]?.(of);
      if (value === undefined) throw new Error(`${file} names ${name}, which this machine does not have`);
      return hex === undefined ? value : value.replace("sha256:", "");
    },
  );
}
