import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FlagName } from "./flags.ts";
import type { Env, Given } from "./given.ts";

export interface Credentials {
  /** null when the token came from the environment. */
  readonly tokenFile: string | null;
  /** The ingest token. A secret: never logged. */
  readonly token: string;
}

/** A flag outweighs the environment; two tokens in the environment would leave open which one was meant. */
export function readCredentials(
  given: ReadonlyMap<FlagName, Given>,
  env: Env,
  readFile: (path: string) => string,
  problems: string[],
): Credentials {
  const file = given.get("token-file");
  const fromEnvironment = env.SPILLWAY_AGENT_TOKEN?.trim() ?? "";
  if (file !== undefined && file.source !== "--token-file" && fromEnvironment !== "") {
    problems.push(`${file.source} and SPILLWAY_AGENT_TOKEN are both set: unset one of them`);
  }
  const path = file?.values.at(-1);
  if (path === undefined) {
    if (fromEnvironment === "")
      problems.push("no token: give --token-file, or SPILLWAY_AGENT_TOKEN in the environment");
    else if (!isToken(fromEnvironment))
      problems.push("SPILLWAY_AGENT_TOKEN holds spaces or control characters");
    return { tokenFile: null, token: fromEnvironment };
  }
  const tokenFile = resolve(path);
  try {
    return { tokenFile, token: readToken(tokenFile, readFile) };
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return { tokenFile, token: "" };
  }
}

/** The token in a file, without the newline that editors add. @throws Error that names the file, not the token. */
export function readToken(path: string, readFile: (path: string) => string): string {
  let token: string;
  try {
    token = readFile(path).trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot read the token file ${path}: ${why}`, { cause: error });
  }
  if (!isToken(token)) throw new Error(`the token file ${path} must hold one token and nothing else`);
  return token;
}

/** The token in use. A token file that was mended is taken up by `reload`, without a restart. */
export interface TokenSource {
  readonly current: () => string;
  /** Reads the file again; keeps the token in use when that fails, and says so. */
  readonly reload: () => void;
  /** What a person does about a token that is refused. */
  readonly remedy: string;
}

/**
 * @param secrets gets every token used, so that the log can leave it out.
 * @param copies the folder of systemd's copies of credentials (`CREDENTIALS_DIRECTORY`), which are those of the start.
 */
export function createTokenSource(
  { tokenFile, token }: Credentials,
  secrets: Set<string>,
  onProblem: (problem: string) => void,
  copies?: string,
): TokenSource {
  let current = token;
  secrets.add(current);
  return {
    current: () => current,
    remedy: remedyOf(tokenFile, copies),
    reload() {
      if (tokenFile === null) return;
      try {
        current = readToken(tokenFile, (path) => readFileSync(path, "utf8"));
        secrets.add(current);
      } catch (error) {
        onProblem(error instanceof Error ? error.message : String(error));
      }
    },
  };
}

function remedyOf(tokenFile: string | null, copies: string | undefined): string {
  if (tokenFile === null)
    return "mend the token: set SPILLWAY_AGENT_TOKEN to a good one and restart the agent";
  if (copies !== undefined && copies !== "" && tokenFile.startsWith(join(copies, "/"))) {
    return (
      "mend the token in the file that LoadCredential= of the unit names, and restart the agent: " +
      "as install.sh set it up, that is /etc/spillway-agent/token, and the restart comes by itself"
    );
  }
  return `mend the token in ${tokenFile}, which is read again before each try`;
}

/** What a header can carry; anything else would fail each request in Node's own words. */
function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
