/** A stack, as what it makes names it. */
export interface Owner {
  /** Name of the stack. It is for people: a stack may be renamed, and two may have one name. */
  readonly stack: string;
  /** Id of the stack, which it keeps for good; undefined for a stack that is older than ids. */
  readonly id?: string | undefined;
}

/** Whether a stack has made what names that maker. What is older than ids is known by the stack's name. */
export function isOf(maker: Owner, owner: Owner): boolean {
  return maker.id === undefined ? maker.stack === owner.stack : maker.id === owner.id;
}

/** A stack in words: its name, and its id where the name alone would mislead. */
export function ownerName({ stack, id }: Owner, reader?: Owner): string {
  return reader?.stack === stack && id !== undefined ? `${stack} (another of this name, id ${id})` : stack;
}
