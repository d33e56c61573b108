import { stripVTControlCharacters } from "node:util";

/**
 * A text with what a terminal would act on, or show as something else, as escapes of JSON: control and format
 * characters and lone surrogates. Line ends stay.
 */
export function printable(text: string): string {
  return text.replace(/[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** A text without what a terminal would act on: colours and control characters. Line ends and tabs stay. */
export function withoutControls(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\n\t]/gu, "");
}
