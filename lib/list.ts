/** The first of some names, and how many more there are. */
export function list(names: readonly string[], most = 5): string {
  return names.slice(0, most).join(", ") + (names.length > most ? ` and ${names.length - most} more` : "");
}
