/** @param subject what counts as the same trouble. */
export type Trouble = (subject: string, message: string) => void;

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
