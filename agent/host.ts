import type { Capabilities } from "./capabilities.ts";
import { type Collector, type Scrape, scrape } from "./collector.ts";
import { type HostFacts, readHostFacts, rootNetDir } from "./host-facts.ts";
import { createUptimeClock } from "./uptime.ts";

/** The kernel that this agent watches. */
export interface Host {
  readonly facts: HostFacts;
  /** Milliseconds of uptime. */
  readonly uptimeMs: () => number;
  /** All counters of the root namespace, and the uptime they belong to in whole milliseconds. */
  read(): { readonly scrape: Scrape; readonly uptimeMs: number };
}

/**
 * @param capabilities is told at each scrape which sources this kernel has.
 * @throws Error that names the file and the remedy, when procfs is not that of a Linux kernel.
 */
export function openHost(
  procfs: string,
  collectors: readonly Collector[],
  capabilities?: Capabilities,
): Host {
  const facts = readHostFacts(procfs);
  const uptime = createUptimeClock(procfs);
  const source = { netDir: rootNetDir(procfs) };
  return {
    facts,
    uptimeMs: uptime.now,
    read() {
      const before = uptime.now();
      const read = scrape(collectors, source, capabilities);
      // The middle of the scrape: a process that is preempted in it is wrong by half of that.
      return { scrape: read, uptimeMs: Math.round((before + uptime.now()) / 2) };
    },
  };
}
