/**
 * The command that writes its own pid into a file and becomes a program, so that there is no moment in which the program
 * runs and is recorded nowhere.
 */
export function recordedIn(file: string, argv: readonly string[]): readonly [string, ...string[]] {
  return ["/bin/sh", "-c", 'echo $$ > "$0.new" && mv "$0.new" "$0" && exec "$@"', file, ...argv];
}
