/** Who may do what: the table of docs/security.md, which is the only one. */
import { readFileSync } from "node:fs";
import { SCOPES, type Scope } from "../../src/store/tokens.ts";

/** The scopes that an operation needs, all of them; none for what is open to everybody. */
export type AccessTable = ReadonlyMap<string, readonly Scope[]>;

const PAGE = new URL("../../docs/security.md", import.meta.url);
const ROW = /^\| `([^`]+)` \| ([^|]+) \|/;

/** Rows by operation: `Query.fleet`, `GET /healthz`. */
export function readAccessTable(): AccessTable {
  const table = new Map<string, readonly Scope[]>();
  for (const line of readFileSync(PAGE, "utf8").split("\n")) {
    const [, operation, needs] = ROW.exec(line) ?? [];
    if (operation === undefined || needs === undefined || !/^\w+\.\w+$|^[A-Z]+ \//.test(operation)) continue;
    if (table.has(operation)) throw new Error(`docs/security.md has two rows of ${operation}`);
    table.set(operation, scopesOf(operation, needs));
  }
  return table;
}

function scopesOf(operation: string, needs: string): readonly Scope[] {
  const words = needs.trim().split(/, */);
  if (words.length === 1 && words[0] === "nothing") return [];
  for (const word of words) {
    if (!SCOPES.includes(word as Scope)) throw new Error(`docs/security.md: ${operation} needs "${needs}"?`);
  }
  return words as Scope[];
}
