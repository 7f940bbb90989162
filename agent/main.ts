import type { Collector } from "./collector.ts";
import { netstat } from "./collectors/netstat.ts";
import { snmp } from "./collectors/snmp.ts";
import { parseConfig, type Settings, systemSurroundings } from "./config.ts";
import { createTokenSource } from "./credentials.ts";
import { openTimekeeper } from "./epoch.ts";
import { helpText } from "./flags.ts";
import { type Host, openHost } from "./host.ts";
import { readMachineId } from "./host-facts.ts";
import { openIdentity } from "./identity.ts";
import { createLog, createSeldomLog, type Log } from "./log.ts";
import { type Loops, placeOf, startLoops } from "./loop.ts";
import { createComposer } from "./message.ts";
import { pushOnce } from "./once.ts";
import { printJson, printTable } from "./print.ts";
import { createPusher } from "./push.ts";
import { createMemoryQueue } from "./queue.ts";
import { createSampler, scrapeInto } from "./sampler.ts";
import { createSetAside } from "./set-aside.ts";
import { openStateFolder } from "./state-folder.ts";
import { waitForLock } from "./state-lock.ts";
import { untilStopped } from "./stop.ts";
import { systemTimers } from "./timers.ts";
import { createTransport } from "./transport.ts";
import { AGENT_VERSION } from "./version.ts";

/** What the agent reads, in the order of a snapshot's counters. */
const COLLECTORS: readonly Collector[] = [snmp, netstat];

/** How long unsent snapshots may take to leave when the agent is stopped. */
const STOP_GRACE_MS = 3_000;
/** How often the same complaint is repeated in the log. */
const SELDOM_MS = 60_000;

const monotonicMs = () => performance.now();

/** @returns the exit code: 0 done, 1 could not do it, 2 the settings are wrong. */
async function main(): Promise<number> {
  const config = parseConfig(process.argv.slice(2), process.env, systemSurroundings());
  if (config.kind === "help") return say(helpText());
  if (config.kind === "version") return say(`${AGENT_VERSION}\n`);
  const secrets = new Set<string>();
  const write = (line: string) => process.stderr.write(`${line}\n`);
  const log = createLog({ plain: process.stderr.isTTY === true, write, secrets });
  if (config.kind === "problems") {
    for (const problem of config.problems) log.error(problem);
    return 2;
  }
  for (const warning of config.warnings) log.warn(warning);
  try {
    const { settings } = config;
    const host = openHost(settings.procfs, COLLECTORS);
    if (settings.mode === "print") return print(settings, host, log);
    openStateFolder(settings.stateDir);
    const unlock = await waitForLock(settings.stateDir);
    try {
      return await watch(settings, host, log, secrets);
    } finally {
      unlock();
    }
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** Shows one scrape; needs no service, no token and no state. */
function print(settings: Settings, host: Host, log: Log): number {
  const { scrape, uptimeMs } = host.read();
  for (const { collector, error } of scrape.failures) log.error(`left out ${collector}: ${error.message}`);
  const shown = { name: settings.name, facts: host.facts, uptimeMs, scrape };
  say(settings.json ? printJson(shown) : printTable(shown));
  return scrape.failures.length === 0 && scrape.names.length > 0 ? 0 : 1;
}

/** Builds the agent and runs it until it is stopped, or for one snapshot. */
async function watch(settings: Settings, host: Host, log: Log, secrets: Set<string>): Promise<number> {
  const { stateDir } = settings;
  const seldom = createSeldomLog(SELDOM_MS, monotonicMs);
  const { identity, isNew } = openIdentity(stateDir);
  secrets.add(identity.key);
  const timekeeper = openTimekeeper({
    folder: stateDir,
    identityIsNew: isNew,
    facts: host.facts,
    uptimeMs: host.uptimeMs(),
    wallClock: Date.now,
    random: Math.random,
    log,
  });
  const sample = createSampler({ host, timekeeper, log, seldom });

  const machineId = readMachineId();
  const compose = createComposer({
    id: identity.host,
    key: identity.key,
    name: settings.name,
    ...(machineId === undefined ? {} : { machineId }),
    ...(Object.keys(settings.labels).length === 0 ? {} : { labels: settings.labels }),
  });
  const token = createTokenSource(settings, secrets, (problem) => seldom.say("token", log.error, problem));
  const transport = createTransport({ server: settings.server, token: token.current });
  const shared = {
    compose,
    transport,
    wallClock: Date.now,
    uptimeMs: host.uptimeMs,
    learn: timekeeper.learn,
  };

  if (settings.mode === "once") {
    const snapshot = sample(settings.intervalMs);
    const reason = snapshot === null ? "there was nothing to push" : await pushOnce(snapshot, shared);
    transport.close();
    if (reason !== null) log.error(`cannot push to ${settings.server.href}: ${reason}`);
    else log.info(`pushed one snapshot to ${settings.server.href} as host ${identity.host}`);
    return reason === null ? 0 : 1;
  }

  const queue = createMemoryQueue();
  const setAside = createSetAside();
  let loops: Loops | undefined;
  const pusher = createPusher({
    ...shared,
    queue,
    setAside,
    configure: (wish) => loops?.configure(wish),
    reloadToken: token.reload,
    monotonicMs,
    random: Math.random,
    log,
    seldom,
  });
  const stopped = untilStopped(process, () => process.exit(1));
  log.info(
    `agent ${AGENT_VERSION} watches ${settings.name} (host ${identity.host}) for ${settings.server.href}`,
  );
  loops = startLoops({
    timers: systemTimers,
    uptimeMs: host.uptimeMs,
    scrape: scrapeInto(queue, sample, { log, seldom }),
    push: pusher.push,
    intervalMs: settings.intervalMs,
    intervalIsFixed: settings.intervalIsFixed,
    place: placeOf(identity.host),
    onInterval: (everyMs) => log.info(`the service asks for a snapshot each ${everyMs} ms`),
  });

  const reason = await stopped;
  await loops.stop(STOP_GRACE_MS);
  transport.close();
  log.info(`stopped by ${reason}; ${queue.size} snapshots were not sent`);
  return 0;
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

// A reader that went away (a closed terminal, `| head`) must not end the agent with a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.exit(await main());
