import { SpillwayError } from "../errors.ts";
import { isStorable } from "../store/storable.ts";

const TEXT_LENGTH = 4_000;

/** What a person wrote, without the blanks around it. @throws BAD_REQUEST when that is nothing, too long, or no text */
export function requireText(what: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") throw new SpillwayError("BAD_REQUEST", `the ${what} is empty: say something`);
  if (trimmed.length > TEXT_LENGTH) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the ${what} has ${trimmed.length} characters; at most ${TEXT_LENGTH} are taken`,
    );
  }
  if (isStorable(trimmed)) return trimmed;
  throw new SpillwayError(
    "BAD_REQUEST",
    `the ${what} has a character that cannot be stored: NUL or half of a pair`,
  );
}

/** The same of a note that need not be there: null for none. */
export function optionalNote(note: string | null): string | null {
  return note === null || note.trim() === "" ? null : requireText("note", note);
}
