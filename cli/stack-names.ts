/** The names that a stack can have. Of dots alone, Pulumi writes the states of `.` and `..` elsewhere. */
export const stackNames = /^(?!\.+$)[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$/;

/** The same in words. */
export const stackNamesWant =
  "a name of letters, digits, dots, dashes and underscores, 100 at most, and not dots alone";
