import { compileMatch } from "../store/labels/rules.ts";

type Pattern = ReturnType<typeof compileMatch>;

/** There are as many as there are tokens with a pattern. */
const REMEMBERED = 1_000;
const compiled = new Map<string, Pattern>();

/** Whether a token with this pattern may push for a host of this name; null allows every name. */
export function allowsHost(hostPattern: string | null, hostName: string): boolean {
  if (hostPattern === null) return true;
  let pattern = compiled.get(hostPattern);
  if (pattern === undefined) {
    if (compiled.size >= REMEMBERED) compiled.clear();
    pattern = compileMatch(hostPattern);
    compiled.set(hostPattern, pattern);
  }
  return pattern.matches(hostName);
}
