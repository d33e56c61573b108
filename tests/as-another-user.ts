const NOBODY = 65534;

/** Does something as a user whom no closed file is open to: root may look into any. */
export async function asAnotherUser<Result>(act: () => Result | Promise<Result>): Promise<Result> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
