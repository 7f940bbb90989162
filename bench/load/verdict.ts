/** What a run says of itself: whether it was the service that was measured, and what bounds it. */
import { PROCESSES } from "./deployment.ts";
import type { Measured } from "./measure.ts";

/** A request that was given to its connection so late was not the service's fault, ... */
const LATE_MS = 50;
/** ... unless that is little of what answers took. */
const LATE_SHARE = 0.1;
const FULL = 0.9;

/** Why the generator was what bounded it; null when it was not. */
export function generatorFault({ ran: { own, seconds, sent } }: Measured): string | null {
  const cores = own.cpuMs / 1_000 / seconds;
  const slowest = Math.max(...Object.values(sent).map(({ p99Ms }) => p99Ms));
  if (own.lateP99Ms > Math.max(LATE_MS, LATE_SHARE * slowest))
    return `sent ${Math.round(own.lateP99Ms)} ms late at the 99th percentile`;
  if (cores > FULL) return `its one core was full (${cores.toFixed(2)})`;
  return null;
}

/** What was full, or nearest to it, in words. */
export function boundBy(measured: Measured, cores: number): string {
  const { seconds, cpuS, thread, ran, machine, loopMs, commitMs } = measured;
  const each = PROCESSES.map((name) => `${name} ${(cpuS[name] / seconds).toFixed(2)}`).join(", ");
  const generator = ran.own.cpuMs / 1_000 / seconds;
  const used =
    PROCESSES.reduce((sum, name) => sum + cpuS[name], 0) / seconds + generator + machine.othersCores;
  const split = `${each}, the generator ${generator.toFixed(2)}, others ${machine.othersCores.toFixed(2)} cores`;
  if (thread.service > FULL)
    return `the one thread of the service (${thread.service.toFixed(2)} of a core; ${split})`;
  if (thread.worker > FULL)
    return `the one thread of the worker (${thread.worker.toFixed(2)} of a core; ${split})`;
  if (used > FULL * cores) return `the machine's ${cores} cores: ${split}`;
  return `no core was full: ${split}; a commit took ${Math.round(commitMs)} ms on average, event loops were late by ${Math.round(loopMs.service)} (service) and ${Math.round(loopMs.worker)} ms (worker) at the 99th percentile`;
}
