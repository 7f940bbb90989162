/**
 * The composition root. Roles that run: `all` (default), `serve`, `work`, and `demo`, which is `all` with a fleet that
 * does not exist; those that come and go are in commands/run.ts.
 *
 * Read `startParts` for the architecture: what the service is made of, in the order in which it starts;
 * it stops in the reverse.
 */
import "./production.ts";
import { writeSync } from "node:fs";
import { Lifecycle, stopOnSignals } from "./app.ts";
import { demoEnvironment, parseDemoWords } from "./commands/demo.ts";
import { asksForHelp, refuseWords, runCommand } from "./commands/run.ts";
import { type Config, readConfig } from "./config.ts";
import { Demo } from "./demo/demo.ts";
import { asSpillwayError } from "./errors.ts";
import { startAccess } from "./parts/access.ts";
import { startDatabase, startHistory } from "./parts/database.ts";
import { startFiles } from "./parts/files.ts";
import { startWorkDoor, watchHealth } from "./parts/health.ts";
import { startHttp } from "./parts/http.ts";
import { startAnnouncer, startJobs, startQueues } from "./parts/queues.ts";
import { startReading } from "./parts/reading.ts";
import { startSenders } from "./parts/senders.ts";
import { prepareService, type Role, type Service } from "./parts/service.ts";
import { welcome } from "./parts/welcome.ts";
import { createLog } from "./telemetry/log.ts";
import { VERSION } from "./version.ts";

async function startParts(service: Service): Promise<void> {
  const { role, life, log } = service;
  const database = await startDatabase(service);
  const { db } = database;
  const files = await startFiles(service, db);
  await startHistory(service, db);

  const { backend, queues } = await startQueues(service, database);
  const announcer = await startAnnouncer(service, db);
  if (role !== "serve") await startJobs(service, { db, backend, queues, announcer, files });
  const { checks, freeBytes } = watchHealth(service, { database, backend, queues });
  if (role === "work") {
    await startWorkDoor(service, checks);
    log.info({ version: VERSION }, "Spillway's worker is ready");
    return;
  }

  const { sources, drills } = await startReading(service, {
    database,
    backend,
    queues,
    announcer,
    files,
    freeBytes,
  });
  const access = await startAccess(service, db);
  const takePush = await startHttp(service, { database, checks, access, sources });
  if (drills !== null) {
    await life.start("drills", () => ({ value: undefined, stop: (graceMs) => drills.stop(graceMs) }));
  }
  await startSenders(service, database, takePush);
  await welcome(service, database);
}

/** Starts the service, which then runs until it is stopped. @param demo the simulated fleet; null for a real one */
async function runService(config: Config, role: Role, demo: Demo | null = null): Promise<void> {
  const log = createLog(config.logLevel);
  const life = new Lifecycle(log);
  const signalled = stopOnSignals(life, log);
  try {
    await startParts(await prepareService({ role, config, demo, life, log }));
  } catch (error) {
    await life.stop();
    // A start that a signal has cut short is no fault; what stopped it exits.
    if (!signalled()) throw error;
  }
}

const [role = "all", ...words] = process.argv.slice(2);
async function main(): Promise<void> {
  if (asksForHelp(role, words)) return runCommand("help", [], process.env);
  refuseWords(role, words);
  if (role === "all" || role === "serve" || role === "work") await runService(readConfig(process.env), role);
  else if (role === "demo") {
    const demo = new Demo(parseDemoWords(words), Date.now());
    await runService(readConfig(demoEnvironment(process.env)), "all", demo);
  } else await runCommand(role, words, process.env);
}

main().catch((thrown: unknown) => {
  const error = asSpillwayError(thrown);
  // What a person must change is told in words; a fault of ours with all there is to find it.
  const text = error.code === "INTERNAL" ? ((thrown as Error).stack ?? String(thrown)) : error.message;
  writeSync(2, `spillway: ${text}\n`);
  process.exit(1);
});
