import { readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { formatDuration, parseDuration } from "../src/protocol/duration.ts";
import { LIMITS } from "../src/protocol/limits.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import type { FlagName } from "./flags.ts";
import { type Env, readEnvironment, readFlags } from "./given.ts";
import { CLOUDS, type Cloud } from "./labels/cloud.ts";
import { DEFAULT_LABELS_DIR } from "./labels/files.ts";
import { labelsOfFlags } from "./labels/flags.ts";
import { DEFAULT_SPOOL_BYTES, SPOOL_MIN_BYTES } from "./spool/spool.ts";

/** The agent's settings, checked. */
export interface Settings extends Credentials {
  /**
   * `run` until stopped, `once`: one snapshot pushed, `print`: what is seen is shown and not pushed, `doctor`:
   * everything that a run needs is checked.
   */
  readonly mode: "run" | "once" | "print" | "doctor";
  /** With `print` and `doctor`: JSON and no table. */
  readonly json: boolean;
  /** With `print`: also the counters that are 0. */
  readonly all: boolean;
  readonly server: URL;
  /** With `doctor`: what is wrong with the token; any other mode does not begin with it. */
  readonly tokenProblem: string | null;
  readonly intervalMs: number;
  /** The interval was given, so the service's wish does not change it. */
  readonly intervalIsFixed: boolean;
  readonly procfs: string;
  readonly stateDir: string;
  /** Bytes of the spool on disk. */
  readonly spoolMaxBytes: number;
  /** What the service is told when the agent is stopped; null: by what happens to the host. */
  readonly goodbye: "leaving" | "restarting" | null;
  readonly name: string;
  /** --name was given: what the kernel is called does not change it. */
  readonly nameIsFixed: boolean;
  /** Given by flag; those of other sources come beside them (labels/labels.ts). */
  readonly labels: Readonly<Record<string, string>>;
  /** Folder of files with labels. */
  readonly labelsDir: string;
  /** Whose metadata service is asked; null: none is. */
  readonly cloud: Cloud | null;
  /** Network namespaces watched: `root` is the host's own alone. */
  readonly namespaces: "all" | "root";
  readonly namespaceCounters: "diagnosis" | "all";
  readonly namespaceScanMs: number;
  readonly namespaceMax: number;
}

export type ParsedConfig =
  | { readonly kind: "run"; readonly settings: Settings; readonly warnings: readonly string[] }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** Every problem found, each with the value and the remedy. */
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/** What the settings depend on besides flags and environment. */
export interface Surroundings {
  readonly isRoot: boolean;
  readonly home: string;
  readonly hostname: string;
  readonly readFile: (path: string) => string;
}

export function systemSurroundings(): Surroundings {
  return {
    isRoot: process.getuid?.() === 0,
    home: homedir(),
    hostname: hostname(),
    readFile: (path) => readFileSync(path, "utf8"),
  };
}

/** Reads flags, then SPILLWAY_AGENT_* for what no flag gives, then defaults. Never throws. */
export function parseConfig(argv: readonly string[], env: Env, around: Surroundings): ParsedConfig {
  const problems: string[] = [];
  const { given, command } = readFlags(argv, problems);
  if (given.has("help")) return { kind: "help" };
  if (given.has("version")) return { kind: "version" };
  const warnings = readEnvironment(env, given, problems);

  const one = (flag: FlagName) => given.get(flag)?.values.at(-1);
  const source = (flag: FlagName) => given.get(flag)?.source ?? `--${flag}`;
  const once = given.has("once");
  const print = given.has("print");
  if (print && !once) problems.push("--print shows one snapshot: give --once with it");
  const doctor = command === "doctor";
  if (doctor && once) problems.push("doctor stands alone: leave --once and --print out");
  if (given.has("json") && !print && !doctor) {
    problems.push("--json is a form of --print and of doctor: give --once --print with it, or doctor");
  }
  if (given.has("all") && !print) problems.push("--all belongs to --print: give --once --print with it");

  const server = parseServer(one("server") ?? "http://127.0.0.1:4000", source("server"), problems, warnings);
  const intervalText = one("interval");
  const intervalMs = parseDuration(intervalText ?? "10s");
  const { min, max } = LIMITS.everyMs;
  if (intervalMs === null || intervalMs < min || intervalMs > max) {
    const range = `from ${formatDuration(min)} to ${formatDuration(max)}, such as 500ms, 10s or 1m`;
    problems.push(`${source("interval")} is "${intervalText}": give a duration ${range}`);
  }
  const spoolText = one("spool-max");
  const spoolMaxBytes = spoolText === undefined ? DEFAULT_SPOOL_BYTES : parseBytes(spoolText);
  if (spoolMaxBytes === null || spoolMaxBytes < SPOOL_MIN_BYTES || spoolMaxBytes > SPOOL_MAX_BYTES) {
    problems.push(`${source("spool-max")} is "${spoolText}": give a size from 1MiB to 4GiB, such as 64MiB`);
  }
  const goodbyeText = one("goodbye");
  const goodbye = GOODBYES.find((known) => known === goodbyeText) ?? null;
  if (goodbyeText !== undefined && goodbye === null) {
    problems.push(`${source("goodbye")} is "${goodbyeText}": give leaving or restarting, or leave it out`);
  }
  const name = one("name") ?? around.hostname;
  if (name.trim() === "" || name.length > LIMITS.hostNameLength) {
    problems.push(`${source("name")} is "${name}": give 1 to ${LIMITS.hostNameLength} characters`);
  }
  const labels = labelsOfFlags(given.get("label")?.values ?? [], source("label"), problems);
  const cloudText = one("cloud") ?? "off";
  const cloud = CLOUDS.find((known) => known === cloudText) ?? null;
  if (cloud === null && cloudText !== "off") {
    problems.push(`${source("cloud")} is "${cloudText}": give ${CLOUDS.join(", ")} or off`);
  }
  const namespaces = parseNamespaces(one, source, problems);
  // Nothing is pushed with --print, so it needs no token.
  const tokenProblems: string[] = [];
  const credentials = print
    ? { tokenFile: null, token: "" }
    : readCredentials(given, env, around.readFile, doctor ? tokenProblems : problems);
  if (problems.length > 0 || server === null || intervalMs === null || spoolMaxBytes === null) {
    return { kind: "problems", problems };
  }
  const settings: Settings = {
    mode: doctor ? "doctor" : print ? "print" : once ? "once" : "run",
    json: given.has("json"),
    all: given.has("all"),
    server,
    ...credentials,
    tokenProblem: tokenProblems.length === 0 ? null : tokenProblems.join("; "),
    intervalMs,
    intervalIsFixed: intervalText !== undefined,
    procfs: resolve(one("procfs") ?? "/proc"),
    stateDir: resolve(one("state-dir") ?? defaultStateDir(env, around)),
    spoolMaxBytes,
    goodbye,
    name,
    nameIsFixed: one("name") !== undefined,
    labels,
    labelsDir: resolve(one("labels-dir") ?? DEFAULT_LABELS_DIR),
    cloud,
    ...namespaces,
  };
  return { kind: "run", settings, warnings };
}

const SCAN_MS = { min: 1_000, max: 3_600_000 };

function parseNamespaces(
  one: (flag: FlagName) => string | undefined,
  source: (flag: FlagName) => string,
  problems: string[],
): Pick<Settings, "namespaces" | "namespaceCounters" | "namespaceScanMs" | "namespaceMax"> {
  const which = one("namespaces") ?? "all";
  if (which !== "all" && which !== "root") {
    problems.push(`${source("namespaces")} is "${which}": give all or root`);
  }
  const counters = one("namespace-counters") ?? "diagnosis";
  if (counters !== "diagnosis" && counters !== "all") {
    problems.push(`${source("namespace-counters")} is "${counters}": give diagnosis or all`);
  }
  const scanText = one("namespace-scan") ?? "30s";
  const scanMs = parseDuration(scanText) ?? 0;
  if (scanMs < SCAN_MS.min || scanMs > SCAN_MS.max) {
    const range = `from ${formatDuration(SCAN_MS.min)} to ${formatDuration(SCAN_MS.max)}`;
    problems.push(`${source("namespace-scan")} is "${scanText}": give a duration ${range}, such as 30s`);
  }
  const maxText = one("namespace-max") ?? "200";
  const max = /^[0-9]{1,5}$/.test(maxText) ? Number(maxText) : 0;
  if (max < 1 || max > LIMITS.namespacesPerHost) {
    problems.push(
      `${source("namespace-max")} is "${maxText}": give a number from 1 to ${LIMITS.namespacesPerHost}`,
    );
  }
  return {
    namespaces: which === "root" ? "root" : "all",
    namespaceCounters: counters === "all" ? "all" : "diagnosis",
    namespaceScanMs: scanMs,
    namespaceMax: max,
  };
}

const GOODBYES = ["leaving", "restarting"] as const;

const BYTES = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
/** The index of a full spool is in memory: about a twentieth of this. */
const SPOOL_MAX_BYTES = 4 * BYTES.GiB;

/** Bytes of a size such as `512KiB`, `64MiB`, `1GiB`; null for anything else. */
function parseBytes(text: string): number | null {
  const match = /^([0-9]{1,9})(KiB|MiB|GiB)$/.exec(text);
  const unit = match?.[2];
  return unit === "KiB" || unit === "MiB" || unit === "GiB" ? Number(match?.[1]) * BYTES[unit] : null;
}

function parseServer(text: string, source: string, problems: string[], warnings: string[]): URL | null {
  const remedy = "give an address such as https://spillway.example.net:4000";
  if (!URL.canParse(text)) {
    problems.push(`${source} is "${text}": ${remedy}`);
    return null;
  }
  const url = new URL(text);
  // The address is logged, so it must hold no secret.
  if (url.username !== "" || url.password !== "") {
    problems.push(`${source} holds a user or a password: leave them out and give --token-file`);
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    problems.push(`${source} is "${text}": only http and https are spoken, ${remedy}`);
  }
  if (url.search !== "" || url.hash !== "")
    problems.push(`${source} is "${text}": leave out what follows ? or #`);
  const local = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol === "http:" && !local) {
    warnings.push(`${source} is ${url.origin}: the token and the host key travel in the clear, prefer https`);
  }
  return url;
}

function defaultStateDir(env: Env, around: Surroundings): string {
  if (around.isRoot) return "/var/lib/spillway-agent";
  const base = env.XDG_STATE_HOME;
  return join(base === undefined || base === "" ? join(around.home, ".local/state") : base, "spillway-agent");
}
