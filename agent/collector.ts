import type { Count } from "../src/protocol/count.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Readings } from "./readings.ts";

/** One kernel source. Adding a source is adding a file to collectors/ and naming it in main.ts. */
export interface Collector {
  /** The kernel's own name of the source, for messages. */
  readonly name: string;
  /** Why a kernel does not have it, a sentence. */
  readonly absence?: string;
  /**
   * Reads the source once; null when this kernel does not have it, which is no failure.
   *
   * Synchronous on purpose: reading /proc copies from kernel memory and waits for no disk (20 us for
   * netstat), while an asynchronous read is five hops through the thread pool, costs more CPU than the
   * reading itself and lets the counters of one snapshot drift apart in time.
   */
  collect(source: ProcSource): Readings | null;
}

/** Where collectors find the counters of one network namespace. */
export interface ProcSource {
  /** The folder that holds `snmp` and `netstat`. */
  readonly netDir: string;
}

/** All counters of one namespace, read at one moment. */
export interface Scrape {
  readonly names: readonly string[];
  readonly values: readonly (Count | null)[];
  readonly failures: readonly CollectorFailure[];
}

export interface CollectorFailure {
  readonly collector: string;
  readonly error: Error;
}

/**
 * Runs every collector. One that fails is reported and left out; it never stops the others.
 *
 * @param capabilities is told of each source whether it is there, and why not; left out, nobody is told.
 */
export function scrape(
  collectors: readonly Collector[],
  source: ProcSource,
  capabilities?: Capabilities,
): Scrape {
  const names: string[] = [];
  const values: (Count | null)[] = [];
  const failures: CollectorFailure[] = [];
  for (const collector of collectors) {
    try {
      const readings = collector.collect(source);
      capabilities?.set(
        `collector.${collector.name}`,
        readings !== null,
        collector.absence ?? `there is no net/${collector.name} in this kernel`,
      );
      if (readings === null) continue;
      for (const name of readings.names) names.push(name);
      for (const value of readings.values) values.push(value);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      capabilities?.set(`collector.${collector.name}`, false, failure.message);
      failures.push({ collector: collector.name, error: failure });
    }
  }
  return { names, values, failures };
}
