import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Config, readConfig } from "../config.ts";
import { type DrillOptions, runDrill } from "../drill/drill.ts";
import type { DrillEvent } from "../drill/events.ts";
import { DRILL_KINDS, SCENARIOS } from "../drill/kinds.ts";
import { inWords } from "../drill/words.ts";
import { SpillwayError } from "../errors.ts";
import { readTls } from "../http/tls.ts";
import { localUrl } from "./addresses.ts";
import { agentFile } from "./local-agent.ts";

export const DRILL_USAGE = `drill ${DRILL_KINDS.join("|")} [--server URL] [--json]`;

const HELP = `${DRILL_USAGE}

Makes a real fault on this machine, bounded and in a network of its own where that is allowed, follows it through
the running service, prints what that says as it comes, and cleans up after itself. Ctrl-C ends it early.

${DRILL_KINDS.map((kind) => `  ${kind.padEnd(14)} ${SCENARIOS[kind].what}`).join("\n")}

  --server URL   the service; by default the one that the settings of the environment name
  --json         what happens as JSON, an object a line

The service is asked with SPILLWAY_TOKEN, which needs the scopes read and ingest; without it with the tokens in the
service's data folder.

Exit code: 0 when the cause that was named is the right one, 1 when it is not, or the drill could not be made.`;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs a drill from the command line, or for the service (drills.ts), and sets the exit code.
 *
 * @throws CONFIGURATION and BAD_REQUEST for wrong words and settings, and what `runDrill` throws
 */
export async function runDrillCommand(words: readonly string[], environment: Environment): Promise<void> {
  const { values, positionals } = parse(words);
  if (values.help === true) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const kind = DRILL_KINDS.find((known) => known === positionals[0]);
  if (kind === undefined || positionals.length > 1) {
    throw bad(`which drill? there are ${DRILL_KINDS.join(", ")}`);
  }
  const { service, ingestToken } = await findService(values.server, environment);
  const options: DrillOptions = { kind, service, ingestToken, agent: agentFile() };
  const stop = stopWhenAsked();
  try {
    const right = await runDrill(options, printer(values.json === true), stop.signal);
    process.exitCode = right ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    process.stderr.write(`spillway: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } finally {
    // What asked for it over a channel waits for the end of it.
    if (process.connected) process.disconnect();
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        server: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (cause) {
    throw bad((cause as Error).message);
  }
}

async function findService(
  server: string | undefined,
  environment: Environment,
): Promise<Pick<DrillOptions, "service" | "ingestToken">> {
  const config = readConfig(environment);
  const tls = config.tls === null ? null : await readTls(config.tls);
  const address = server ?? localUrl(config.listen, config.port, tls);
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw bad(`--server ${address}: give an address such as https://spillway.example.net:4000`);
  }
  const given = environment.SPILLWAY_TOKEN ?? "";
  const [token, ingestToken] =
    given === ""
      ? await Promise.all([fileToken(config, "admin-token"), fileToken(config, "ingest-token")])
      : [given, given];
  // A certificate that signed itself is believed where it is the service's own.
  const ca = config.tls === null ? null : await readFile(config.tls.cert, "utf8");
  return { service: { url: new URL(address), token, ca }, ingestToken };
}

async function fileToken({ dataDir }: Config, name: string): Promise<string> {
  const path = join(dataDir, name);
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    throw new SpillwayError(
      "CONFIGURATION",
      `cannot read ${path} (${(cause as NodeJS.ErrnoException).code}): start the service (npm start), name its folder by SPILLWAY_DATA_DIR, or set SPILLWAY_TOKEN to a token with the scopes read and ingest`,
      { cause },
    );
  }
}

/** Why a drill ended early, with the exit code that says so. */
class Stopped extends Error {
  readonly exitCode: number;

  constructor(why: string, exitCode: number) {
    super(`the drill was ended early, by ${why}; nothing of it is left`);
    this.exitCode = exitCode;
  }
}

/** A signal ends a drill in order, as does the end of the service that started it, or of whoever reads along. */
function stopWhenAsked(): AbortController {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Stopped("SIGINT", 130)));
  process.once("SIGTERM", () => stop.abort(new Stopped("SIGTERM", 143)));
  process.once("SIGHUP", () => stop.abort(new Stopped("SIGHUP", 129)));
  if (process.connected)
    process.once("disconnect", () => stop.abort(new Stopped("the end of the service", 1)));
  process.stdout.on("error", () => stop.abort(new Stopped("the end of its reader", 1)));
  return stop;
}

function printer(asJson: boolean): (event: DrillEvent) => void {
  let loadedAt: number | null = null;
  return (event) => {
    if (event.type === "loaded") loadedAt = event.at;
    process.stdout.write(`${asJson ? JSON.stringify(event) : inWords(event, loadedAt)}\n`);
  };
}

function bad(message: string): SpillwayError {
  return new SpillwayError("BAD_REQUEST", `${message}\nusage: spillway ${DRILL_USAGE}`);
}
