import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { type Capabilities, createCapabilities } from "./capabilities.ts";
import { COLLECTORS } from "./collectors/all.ts";
import { createSysctlSource } from "./collectors/sysctls.ts";
import { parseConfig, type Settings, systemSurroundings } from "./config.ts";
import { createTokenSource } from "./credentials.ts";
import { examine, findingsJson, findingsTable } from "./doctor/doctor.ts";
import { openTimekeeper } from "./epoch.ts";
import { helpText } from "./flags.ts";
import { createHealth } from "./health.ts";
import { type Host, openHost } from "./host.ts";
import { hasOwnUptime, readMachineId } from "./host-facts.ts";
import { createHostName } from "./host-name.ts";
import { openIdentity } from "./identity.ts";
import { gatherLabels } from "./labels/labels.ts";
import { createListenerWatch } from "./listeners/watch.ts";
import { createLog, createSeldomLog, type Log } from "./log.ts";
import { type Loops, placeOf, startLoops } from "./loop.ts";
import { disownCopy } from "./machine.ts";
import { type Composer, createComposer } from "./message.ts";
import { createNamespaceFinder, finderSettings } from "./namespaces/finder.ts";
import { createNamespaceSampler, keyOf } from "./namespaces/sampler.ts";
import { startOf } from "./namespaces/scan.ts";
import { openNamespaceMemory } from "./namespaces/state.ts";
import { lookOnce, pushOnce } from "./once.ts";
import { createPusher } from "./push.ts";
import { createSampler, scrapeInto } from "./sampler.ts";
import { say } from "./say.ts";
import { createAsideFile, createSetAside } from "./set-aside.ts";
import { show } from "./show.ts";
import { openFolder, SPOOL_NAME } from "./spool/files.ts";
import { freeReserve, isFull, makeReserve } from "./spool/reserve.ts";
import { openSpool } from "./spool/spool.ts";
import { openStateFolder } from "./state-folder.ts";
import { waitForLock } from "./state-lock.ts";
import { goodbyeOf, untilStopped } from "./stop.ts";
import { systemTimers } from "./timers.ts";
import { createTransport } from "./transport.ts";
import { createTuning } from "./tuning.ts";
import { AGENT_VERSION } from "./version.ts";

/** How long unsent snapshots may take to leave when the agent is stopped. */
const STOP_GRACE_MS = 3_000;
/** How long the spool's disk may take after that. */
const SYNC_GRACE_MS = 1_000;
/** How often the same complaint is repeated in the log. */
const SELDOM_MS = 60_000;

// Before anything runs that could be compiled.
const tuning = createTuning(setFlagsFromString);

const monotonicMs = () => performance.now();

/** @returns the exit code: 0 done, 1 could not do it, 2 the settings are wrong. */
async function main(): Promise<number> {
  const config = parseConfig(process.argv.slice(2), process.env, systemSurroundings());
  if (config.kind === "help" || config.kind === "version") {
    await say(config.kind === "help" ? helpText() : `${AGENT_VERSION}\n`);
    return 0;
  }
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
    if (settings.mode === "doctor") return await doctor(settings);
    const capabilities = createCapabilities();
    const host = openHost(settings.procfs, COLLECTORS, capabilities);
    if (settings.mode === "print") return await show(settings, host, capabilities, log);
    openStateFolder(settings.stateDir);
    const unlock = await lock(settings.stateDir);
    try {
      return await watch(settings, host, capabilities, log, secrets);
    } finally {
      unlock();
    }
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** @throws Error that names the folder and the remedy. */
async function lock(folder: string): Promise<() => void> {
  for (let freed = false; ; freed = true) {
    try {
      return await waitForLock(folder);
    } catch (error) {
      if (error instanceof Error && !("code" in error)) throw error;
      if (!freed && isFull(error)) freeReserve(folder);
      else {
        const why = error instanceof Error ? error.message : String(error);
        const remedy = "give --state-dir a folder that I may write, on a disk that has room";
        throw new Error(`cannot write in the state folder ${folder}: ${why}; ${remedy}`, { cause: error });
      }
    }
  }
}

/** Says what is wrong and how to mend it. Makes no state and takes no lock: the agent may be running. */
async function doctor(settings: Settings): Promise<number> {
  const findings = await examine(settings, COLLECTORS);
  await say(settings.json ? findingsJson(findings) : findingsTable(findings));
  return findings.some(({ status }) => status === "FAIL") ? 1 : 0;
}

/** Builds the agent and runs it until it is stopped, or for one snapshot. */
async function watch(
  settings: Settings,
  host: Host,
  capabilities: Capabilities,
  log: Log,
  secrets: Set<string>,
): Promise<number> {
  const { stateDir } = settings;
  const seldom = createSeldomLog(SELDOM_MS, monotonicMs);
  disownCopy(stateDir, log);
  const { identity, isNew } = openIdentity(stateDir);
  secrets.add(identity.key);
  const timekeeper = openTimekeeper({
    folder: stateDir,
    identityIsNew: isNew,
    facts: host.facts,
    uptimeMs: host.uptimeMs(),
    initStartMs: hasOwnUptime(settings.procfs) ? startOf(settings.procfs, 1) : null,
    wallClock: Date.now,
    random: Math.random,
    log,
    seldom,
  });
  const listeners = createListenerWatch({
    procfs: settings.procfs,
    everyMs: settings.intervalMs,
    timers: systemTimers,
    now: monotonicMs,
    setCapability: capabilities.set,
  });
  let givenUp = () => 0;
  const sysctls = createSysctlSource(settings.procfs, capabilities, undefined, () => givenUp());
  const sample = createSampler({ host, timekeeper, log, seldom, listeners, sysctls });

  const finder = createNamespaceFinder({
    ...finderSettings(settings, host, COLLECTORS, capabilities),
    memory: openNamespaceMemory(stateDir, host.facts.boot, log, seldom),
    onGone: (namespace) => listeners.forget(keyOf(namespace)),
  });
  const sampleNamespaces = createNamespaceSampler({
    procfs: settings.procfs,
    collectors: COLLECTORS,
    counters: settings.namespaceCounters,
    finder,
    uptimeMs: host.uptimeMs,
    timekeeper,
    listeners,
    log,
    seldom,
  });

  const { labels, warnings } = await gatherLabels(settings, process.env);
  for (const warning of warnings) log.warn(warning);
  const machineId = readMachineId();
  const sender = {
    id: identity.host,
    key: identity.key,
    name: settings.name,
    ...(machineId === undefined ? {} : { machineId }),
    ...(Object.keys(labels).length === 0 ? {} : { labels: labels }),
  };
  const hostName = createHostName(settings.name, (name) => log.info(`this host is called ${name} now`));
  const compose = createComposer(sender, settings.nameIsFixed ? undefined : hostName);
  const token = createTokenSource(
    settings,
    secrets,
    (problem) => seldom.say("token", log.error, problem),
    process.env.CREDENTIALS_DIRECTORY,
  );
  const transport = createTransport({ server: settings.server, token: token.current });
  const shared = {
    compose,
    transport,
    wallClock: Date.now,
    uptimeMs: host.uptimeMs,
    learn: timekeeper.learn,
  };

  if (settings.mode === "once") {
    await lookOnce(listeners, finder, settings.intervalMs);
    const snapshot = sample(settings.intervalMs);
    if (snapshot === null) return 1;
    const others = sampleNamespaces(settings.intervalMs);
    const facts = { capabilities: capabilities.list() };
    const { reason, pushed, leftOut } = await pushOnce(others, snapshot, {
      ...shared,
      compose: (...[some, known, clock]: Parameters<Composer>) => compose(some, known, clock, facts),
    });
    transport.close();
    if (leftOut > 0) log.warn(`left out ${leftOut} network namespaces: one push has no room for them`);
    if (reason !== null) log.error(`cannot push to ${settings.server.href}: ${reason}`);
    else {
      const what = pushed === 1 ? "one snapshot" : `snapshots of ${pushed} network namespaces`;
      log.info(`pushed ${what} to ${settings.server.href} as host ${identity.host}`);
    }
    return reason === null ? 0 : 1;
  }

  makeReserve(stateDir);
  const queue = openSpool({
    files: openFolder(join(stateDir, SPOOL_NAME)),
    timers: systemTimers,
    maxBytes: settings.spoolMaxBytes,
    trouble: (subject, message) => {
      if (subject === "recovered") seldom.over("disk");
      seldom.say(subject, subject === "recovered" ? log.info : log.error, message);
    },
  });
  if (queue.size > 0) log.info(`${queue.size} snapshots of an earlier run wait in the spool`);
  const setAside = createSetAside(
    undefined,
    createAsideFile(stateDir, (problem) => seldom.say("aside", log.error, problem)),
  );
  let goodbye: "leaving" | "restarting" | undefined;
  let loops: Loops | undefined;
  const pusher = createPusher({
    ...shared,
    facts: () => ({ capabilities: capabilities.list(), health: health.report() }),
    goodbye: () => goodbye,
    queue,
    setAside,
    configure: (wish) => loops?.configure(wish),
    token,
    monotonicMs,
    random: Math.random,
    log,
    seldom,
  });
  const health = createHealth({ queue, setAside, childCpuMs: listeners.childCpuMs });
  givenUp = health.givenUp;
  const stopped = untilStopped(process, () => process.exit(1));
  log.info(
    `agent ${AGENT_VERSION} watches ${settings.name} (host ${identity.host}) for ${settings.server.href}`,
  );
  listeners.start();
  const scrape = scrapeInto(queue, sample, { log, seldom }, sampleNamespaces);
  loops = startLoops({
    timers: systemTimers,
    uptimeMs: host.uptimeMs,
    scrape: (everyMs) => {
      tuning.cycle(health.cycle());
      scrape(everyMs);
    },
    push: pusher.push,
    intervalMs: settings.intervalMs,
    intervalIsFixed: settings.intervalIsFixed,
    place: placeOf(identity.host),
    onInterval: (everyMs) => log.info(`the service asks for a snapshot each ${everyMs} ms`),
  });

  const reason = await stopped;
  listeners.stop();
  goodbye = goodbyeOf(settings.goodbye);
  await loops.stop(STOP_GRACE_MS);
  transport.close();
  // A disk that hangs must not keep the agent: what was written outlives the process unsynced as well.
  await Promise.race([
    queue.close(),
    new Promise((resolve) => systemTimers.after(SYNC_GRACE_MS, () => resolve(0))),
  ]);
  const lost =
    queue.inMemory === 0 ? "" : `, ${queue.inMemory} of them are lost: the spool cannot be written`;
  log.info(`stopped by ${reason}; ${queue.size} snapshots were not sent${lost}`);
  return 0;
}

// A reader that went away (a closed terminal, `| head`) must not end the agent with a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.exit(await main());
