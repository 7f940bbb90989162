import { parseArgs } from "node:util";
import { SpillwayError } from "../errors.ts";
import { parseDuration } from "../protocol/duration.ts";
import { UUID } from "../protocol/limits.ts";
import { COMMAND_LINE_ACTOR } from "../store/audit.ts";
import type { PrismaClient } from "../store/client.ts";
import {
  createToken,
  listTokens,
  ROTATION_OVERLAP_MS,
  revokeToken,
  rotateToken,
} from "../store/token-changes.ts";
import { holds, type Token } from "../store/tokens.ts";

export const TOKEN_USAGE = `spillway token create --scope ingest|read|operate|admin [--scope ...] [--name NAME] [--expires 90d]
                             [--host-pattern 'web-*'] [--force-label team=shop ...]
                spillway token list
                spillway token rotate ID [--overlap 1d]
                spillway token revoke ID`;

/** What `spillway token ...` is to do. */
export type TokenCommand =
  | {
      readonly verb: "create";
      readonly name: string;
      readonly scopes: readonly string[];
      readonly expiresMs: number | null;
      readonly hostPattern: string | null;
      readonly forcedLabels: Readonly<Record<string, string>>;
    }
  | { readonly verb: "list" }
  | { readonly verb: "rotate"; readonly id: string; readonly overlapMs: number }
  | { readonly verb: "revoke"; readonly id: string };

/**
 * Does it.
 *
 * @returns what is printed: of a new token the secret alone, which is shown this once
 */
export async function runTokenCommand(db: PrismaClient, command: TokenCommand, now: number): Promise<string> {
  switch (command.verb) {
    case "create": {
      const { expiresMs, ...wanted } = command;
      const expiresAt = expiresMs === null ? null : now + expiresMs;
      return (await createToken(db, COMMAND_LINE_ACTOR, { ...wanted, expiresAt }, now)).secret;
    }
    case "list":
      return tokenTable(await listTokens(db), now);
    case "rotate":
      return (await rotateToken(db, COMMAND_LINE_ACTOR, command.id, command.overlapMs, now)).secret;
    case "revoke": {
      const revoked = await revokeToken(db, COMMAND_LINE_ACTOR, command.id, now);
      return revoked ? "revoked" : "it had been revoked before";
    }
  }
}

/** @throws CONFIGURATION for wrong words */
export function parseTokenWords(args: readonly string[]): TokenCommand {
  const [verb = "", ...words] = args;
  switch (verb) {
    case "create":
      return parseCreate(words);
    case "list":
      parse(words, {}, 0);
      return { verb };
    case "rotate": {
      const { values, positionals } = parse(words, { overlap: { type: "string" } }, 1);
      return {
        verb,
        id: parseId(positionals[0]),
        overlapMs: parseSpan("overlap", values) ?? ROTATION_OVERLAP_MS,
      };
    }
    case "revoke":
      return { verb, id: parseId(parse(words, {}, 1).positionals[0]) };
    default:
      throw usage(`token: "${verb}" is not a command`);
  }
}

function parseCreate(words: readonly string[]): TokenCommand {
  const { values } = parse(
    words,
    {
      scope: { type: "string", multiple: true },
      name: { type: "string" },
      expires: { type: "string" },
      "host-pattern": { type: "string" },
      "force-label": { type: "string", multiple: true },
    },
    0,
  );
  const scopes = (values.scope ?? []) as string[];
  if (scopes.length === 0) throw usage("--scope is missing");
  const labels = (values["force-label"] ?? []) as string[];
  return {
    verb: "create",
    name: (values.name ?? scopes.join("+")) as string,
    scopes,
    expiresMs: parseSpan("expires", values),
    hostPattern: (values["host-pattern"] ?? null) as string | null,
    forcedLabels: Object.fromEntries(labels.map(parseLabel)),
  };
}

type Values = Readonly<Record<string, string | string[] | boolean | (string | boolean)[] | undefined>>;
type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

function parse(
  words: readonly string[],
  options: Options,
  count: number,
): { readonly values: Values; readonly positionals: readonly string[] } {
  let parsed: { values: Values; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw usage((error as Error).message);
  }
  if (parsed.positionals.length === count) return parsed;
  throw usage(count === 0 ? `token: "${parsed.positionals[0]}" is one word too many` : "token: give one id");
}

function parseId(word = ""): string {
  const id = word.replace(/^token_/, "");
  if (UUID.test(id)) return id;
  throw usage(`token: "${word}" is not the id of a token: \`spillway token list\` shows them`);
}

function parseSpan(name: string, values: Values): number | null {
  const text = values[name];
  if (typeof text !== "string") return null;
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  throw usage(`--${name} ${text}: not a span of time, such as 90d`);
}

function parseLabel(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw usage(`--force-label ${text}: write name=value`);
}

function usage(fault: string): SpillwayError {
  return new SpillwayError("CONFIGURATION", `${fault}\nusage: ${TOKEN_USAGE}`);
}

function tokenTable(tokens: readonly Token[], now: number): string {
  const rows = tokens.map((token) => [
    token.id,
    token.prefix,
    token.name,
    token.scopes.join(","),
    token.lastUsedAt?.toISOString() ?? "never",
    stateOf(token, now),
  ]);
  const table = [["ID", "PREFIX", "NAME", "SCOPES", "LAST USED", "STATE"], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function stateOf(token: Token, now: number): string {
  if (token.revokedAt !== null) return `revoked ${token.revokedAt.toISOString()}`;
  if (token.expiresAt === null) return "holds";
  return `${holds(token, now) ? "until" : "expired"} ${token.expiresAt.toISOString()}`;
}
