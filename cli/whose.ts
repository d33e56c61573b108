import type { Identity, StackRecord } from "../checks/status/identity.ts";
import { type Fault, machine, type Remedy } from "../lib/remedy.ts";

/** What is known of a stack before a command works on it. */
export interface WhoseQuestion {
  readonly stack: string;
  /** Its settings file, for messages. */
  readonly file: string;
  /** The id that the settings give; undefined where they give none, or name a file that is not there yet. */
  readonly id: string | undefined;
  /** Whether that id is a rehearsal's, which can take another while no stack has used this one. */
  readonly isIdFree: boolean;
  /** What the backend has of it. */
  readonly record: StackRecord;
  /** The backend that was asked, as a URL. */
  readonly backend: string;
  /** The stacks of this project that it has; undefined where that is not known. */
  readonly stacks: readonly string[] | undefined;
  /** This machine and this project's folder. */
  readonly here: Pick<Identity, "host" | "folder">;
  /** Whether the folder that the state names is still a checkout of this project that has the stack. */
  readonly isElsewhere: boolean;
  /** What on this machine says that this stack has made or uses it, in words. */
  readonly things: readonly string[];
  /** Other stacks of this project that the backend has, and whose settings give the same id. */
  readonly copies: readonly string[];
}

/** What comes of it. */
export type Verdict =
  /** The stack is this folder's. `note` says what is new about it; `id` is the one that the state has, and the settings lack. */
  | { readonly ok: true; readonly note?: string; readonly id?: string }
  /** The command must not go on. */
  | ({ readonly ok: false } & Fault);

const makeAnother = { ...machine("new", "NAME"), when: "to make another stack" };
const otherBackend: Remedy = {
  command: ["export", "PULUMI_BACKEND_URL=URL"],
  when: "if its state is in another backend, to name the one that the stack was made in",
};

/**
 * Whether a stack may be worked on from this folder, with these settings and this backend. A stack that is told to be
 * another's is left alone: its resources may be in use elsewhere, or another state may know them.
 */
export function judge(question: WhoseQuestion): Verdict {
  const { record } = question;
  switch (record.kind) {
    case "made":
      return judgeMade(question, record.identity);
    case "empty":
      // What a destroyed stack has left, such as a checkout with changes, is its own.
      if (question.copies.length > 0) return copied(question);
      return record.wasUpdated ? { ok: true } : judgeNew(question);
    default:
      return question.copies.length > 0 ? copied(question) : judgeNew(question);
  }
}

/** A stack that the backend does not have, for a command that makes none. */
export function notThere({ stack, backend, stacks }: WhoseQuestion): Verdict {
  const others = stacks?.filter((name) => name !== stack) ?? [];
  const has = others.length > 0 ? `, which has ${others.join(", ")}` : "";
  return {
    ok: false,
    found: `stack ${stack} is not in the backend ${backend}${has}`,
    remedies: [otherBackend, { ...machine("up", stack), when: "if it was never brought up" }],
  };
}

function judgeMade(question: WhoseQuestion, identity: Identity | undefined): Verdict {
  const { stack, file, id, here, isElsewhere, isIdFree, copies } = question;
  if (identity === undefined || identity.id === undefined) {
    if (identity !== undefined && isElsewhere) return elsewhere(question, identity);
    if (id !== undefined && copies.length > 0) return copied(question);
    return { ok: true, note: `stack ${stack} is older than ids: what carries its name counts as its own` };
  }
  if (isElsewhere) return elsewhere(question, identity);
  if (id !== undefined && id !== identity.id && !isIdFree) {
    return {
      ok: false,
      found: `${file} gives the id ${id}, and the state of stack ${stack} has ${identity.id}: these settings are another stack's`,
      remedies: [
        makeAnother,
        {
          ...machine("set", stack, "stackId", identity.id),
          when: `if the settings are right for stack ${stack}, with its own folders, to give it its id back`,
        },
      ],
    };
  }
  const moved = identity.host !== here.host || identity.folder !== here.folder;
  return {
    ok: true,
    ...(moved && {
      note: `stack ${stack} was last used from ${identity.folder} on ${identity.host}, and is now used from ${here.folder} on ${here.host}`,
    }),
    ...(id !== identity.id && { id: identity.id }),
  };
}

function judgeNew(question: WhoseQuestion): Verdict {
  const { stack, file, backend, things, record } = question;
  if (things.length === 0) return { ok: true };
  const state =
    record.kind === "absent"
      ? `the backend ${backend} has no stack ${stack}`
      : `stack ${stack} was never updated in the backend ${backend}`;
  return {
    ok: false,
    found: `${state}, but ${things.join(", ")}: either its state is in another backend, or ${file} was copied`,
    remedies: [
      otherBackend,
      makeAnother,
      { advice: "if its state is lost for good, move away or remove what it left behind" },
    ],
  };
}

function elsewhere({ stack, here }: WhoseQuestion, { folder }: Identity): Verdict {
  return {
    ok: false,
    found: `stack ${stack} was made from ${folder}, which still has it, and this is ${here.folder}`,
    remedies: [
      { command: ["cd", folder], when: "to use it there" },
      { ...makeAnother, when: "to make one of your own here (for a rehearsal, add --rehearsal)" },
    ],
  };
}

function copied({ stack, file, copies, id }: WhoseQuestion): Verdict {
  return {
    ok: false,
    found: `${file} gives stack ${stack} the id of stack ${copies.join(", ")} (${id}): the file was copied`,
    remedies: makeAnother,
  };
}
