import { readConfig } from "../config.ts";
import { SpillwayError } from "../errors.ts";
import { readTls } from "../http/tls.ts";
import { migrate } from "../store/migrate.ts";
import { createLog } from "../telemetry/log.ts";
import { BACKUP_USAGE, runBackup } from "./backup.ts";
import { createSignIn, explainDatabase, openForCommand } from "./database.ts";
import { DEMO_USAGE } from "./demo.ts";
import { DETECT_USAGE, runDetect } from "./detect.ts";
import { readDetectionFile } from "./detection-file.ts";
import { DRILL_USAGE, runDrillCommand } from "./drill.ts";
import { readLabelRules } from "./labels-file.ts";
import { readReceivers } from "./receivers-file.ts";
import { parseTokenWords, runTokenCommand, TOKEN_USAGE } from "./token.ts";

const USAGE = `spillway [role]

  all           the whole service in one process (default)
  serve         HTTP: dashboard, GraphQL, the agents' pushes
  work          the jobs behind it
  ${DEMO_USAGE}
                the whole service with a simulated fleet, to look around; nothing of it is kept
  migrate       bring the database to this version's schema, and exit
  check-config  read the environment and the files that it names, name every fault, and exit
  token         ${TOKEN_USAGE}
  ${DETECT_USAGE}
                judge a series of your own, row by row
  ${DRILL_USAGE}
                make a real fault on this machine, and see what the service says of it
  ${BACKUP_USAGE}
                copy the data folder with the embedded database in it, also while the service runs
  sign-in       print a one-time link that signs a browser in

Settings are environment variables: .env.example lists them.`;

/** Roles with a manual of their own after `--help`, and those that take no words. */
const OWN_MANUALS = ["detect", "drill"];
const WITHOUT_WORDS = ["all", "serve", "work", "migrate", "check-config", "sign-in"];

/** Whether somebody asks what there is and wants nothing done. */
export function asksForHelp(role: string, words: readonly string[]): boolean {
  if (OWN_MANUALS.includes(role)) return false;
  return ["help", "--help", "-h"].includes(role) || words.includes("--help") || words.includes("-h");
}

/** @throws CONFIGURATION for words after a role that takes none: a slip must not start, migrate or sign in */
export function refuseWords(role: string, words: readonly string[]): void {
  if (words.length === 0 || !WITHOUT_WORDS.includes(role)) return;
  throw new SpillwayError("CONFIGURATION", `"${role}" takes no "${words.join(" ")}"\n\n${USAGE}`);
}

/**
 * Runs a role that comes and goes, and writes what it gives to standard output.
 *
 * @throws CONFIGURATION for a role that there is not, and for wrong words and settings
 * @throws BAD_REQUEST for a file of the caller's that is not of its form
 */
export async function runCommand(
  role: string,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (role === "detect") return runDetect(words);
  if (role === "drill") return runDrillCommand(words, environment);
  process.stdout.write(`${await resultOf(role, words, environment)}\n`);
}

async function resultOf(
  role: string,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  switch (role) {
    case "help":
      return USAGE;
    case "migrate": {
      const { url, close } = await openForCommand(readConfig(environment), { migrated: false });
      const { applied } = await migrate({ url, log: createLog("info") })
        .catch(explainDatabase)
        .finally(close);
      return applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`;
    }
    case "check-config": {
      const config = readConfig(environment);
      await readLabelRules(config);
      await readDetectionFile(config);
      await readReceivers(config, environment);
      if (config.tls !== null) await readTls(config.tls);
      return "the configuration is good";
    }
    case "token": {
      const command = parseTokenWords(words);
      const { db, close } = await openForCommand(readConfig(environment));
      return runTokenCommand(db, command, Date.now()).finally(close);
    }
    case "backup":
      return runBackup(readConfig(environment), words);
    case "sign-in":
      return createSignIn(readConfig(environment), Date.now());
    default:
      throw new SpillwayError("CONFIGURATION", `there is no role "${role}"\n\n${USAGE}`);
  }
}
