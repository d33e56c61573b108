import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { smokeSubsetFile } from "../../benchmark/smoke-subset.ts";
import { Problem } from "../../lib/problem.ts";
import { type Fault, machine } from "../../lib/remedy.ts";
import { checkoutMarker, checkoutMarkerFile, isCopy } from "../steps/checkout/marker.ts";
import { dotenvOwner } from "../steps/dotenv.ts";
import { subsetOwner } from "../steps/subset.ts";
import { markerFile as venvMarkerFile } from "../steps/venv/marker.ts";
import { type Marker, readMarker } from "./marker.ts";
import { isOf, type Owner, ownerName } from "./owner.ts";

/** Something in a checkout's folder that says which stack made it. */
export interface OwnedThing {
  /** Absolute path. */
  readonly path: string;
  readonly owner: Owner;
}

/**
 * All in a checkout's folder that says which stack made it: the checkout, its environment, the block in its `.env`, the
 * subset. Files alone are read. What was copied here with its marker is nobody's.
 */
export function ownersIn(folder: string): readonly OwnedThing[] {
  const venv = join(folder, ".venv");
  const checkout = checkoutMarker(folder);
  const environment = readMarker<Marker>(venvMarkerFile(venv));
  const things: readonly { path: string; owner: Owner | undefined }[] = [
    {
      path: folder,
      owner:
        checkout?.left || (checkout && isCopy(checkout, folder, checkoutMarkerFile)) ? undefined : checkout,
    },
    {
      path: venv,
      owner: environment && isCopy(environment, venv, venvMarkerFile) ? undefined : environment,
    },
    { path: join(folder, ".env"), owner: ownerOfFile(join(folder, ".env"), dotenvOwner) },
    {
      path: join(folder, smokeSubsetFile),
      owner: ownerOfFile(join(folder, smokeSubsetFile), (bytes) => subsetOwner(bytes.toString("utf8"))),
    },
  ];
  return things.flatMap(({ path, owner }) =>
    owner === undefined ? [] : [{ path, owner: { stack: owner.stack, id: owner.id } }],
  );
}

/** What in a checkout's folder is another stack's. */
export const othersIn = (folder: string, owner: Owner): readonly OwnedThing[] =>
  ownersIn(folder).filter((thing) => !isOf(thing.owner, owner));

/** What is wrong where things in a folder are other stacks', and what to do. */
export function othersInWords(others: readonly OwnedThing[], folder: string, owner: Owner): Fault {
  const names = [...new Set(others.map((thing) => ownerName(thing.owner, owner)))];
  const stacks = [...new Set(others.map((thing) => thing.owner.stack))];
  return {
    found: `${folder} has things of stack ${names.join(" and ")}: ${others.map(({ path }) => path).join(", ")}`,
    remedies: [
      {
        ...machine("set", owner.stack, "cooperbenchDir", "FOLDER"),
        when: "to give this stack a folder of its own",
      },
      ...stacks.map((stack) => ({ ...machine("destroy", stack), when: "if nobody needs it any more" })),
    ],
  };
}

/** Refuses a folder in which something is another stack's, before anything in it is touched. */
export function refuseOthers(folder: string, owner: Owner): void {
  const others = othersIn(folder, owner);
  if (others.length === 0) return;
  const { found, remedies } = othersInWords(others, folder, owner);
  throw new Problem(`${found}. Nothing was changed`, remedies);
}

function ownerOfFile(file: string, ownerIn: (bytes: Buffer) => Owner | undefined): Owner | undefined {
  try {
    // What is read must end: a pipe would not.
    return statSync(file).isFile() ? ownerIn(readFileSync(file)) : undefined;
  } catch {
    return undefined; // it is not there, or not for this user to read
  }
}
