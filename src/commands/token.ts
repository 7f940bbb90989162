import { parseArgs } from "node:util";
import { SpillwayError } from "../errors.ts";
import { parseDuration } from "../protocol/duration.ts";
import type { Db } from "../store/client.ts";
import { keepToken, newSecret, SCOPES, type Scope } from "../store/tokens.ts";

export const TOKEN_USAGE =
  "spillway token create --scope ingest|read|operate|admin [--scope ...] [--name NAME] [--expires 90d]";

export interface TokenWords {
  readonly scopes: readonly Scope[];
  readonly name: string;
  readonly expiresMs: number | null;
}

/** `token create`: makes a token and gives its secret, which is shown this once. */
export async function createToken(
  db: Db,
  { scopes, name, expiresMs }: TokenWords,
  now: number,
): Promise<string> {
  const secret = newSecret();
  await keepToken(db, secret, {
    name,
    scopes,
    ...(expiresMs === null ? {} : { expiresAt: new Date(now + expiresMs) }),
  });
  return secret;
}

/** @throws CONFIGURATION for wrong words */
export function parseTokenWords(args: readonly string[]): TokenWords {
  const usage = (fault: string) => new SpillwayError("CONFIGURATION", `${fault}\nusage: ${TOKEN_USAGE}`);
  if (args[0] !== "create") throw usage(`token: "${args[0] ?? ""}" is not a command`);
  let values: { scope?: string[]; name?: string; expires?: string };
  try {
    const options = {
      scope: { type: "string", multiple: true },
      name: { type: "string" },
      expires: { type: "string" },
    } as const;
    values = parseArgs({ args: args.slice(1), options, strict: true }).values;
  } catch (error) {
    throw usage((error as Error).message);
  }
  const wrong = values.scope?.find((scope) => !SCOPES.includes(scope as Scope));
  if (wrong !== undefined) throw usage(`--scope ${wrong}: there is no such scope`);
  if (values.scope === undefined) throw usage("--scope is missing");
  const expiresMs = values.expires === undefined ? null : parseDuration(values.expires);
  if (values.expires !== undefined && expiresMs === null) {
    throw usage(`--expires ${values.expires}: not a span of time, such as 90d`);
  }
  return { scopes: values.scope as Scope[], name: values.name ?? values.scope.join("+"), expiresMs };
}
