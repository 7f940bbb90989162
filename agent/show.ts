import type { Capabilities } from "./capabilities.ts";
import { COLLECTORS } from "./collectors/all.ts";
import type { Settings } from "./config.ts";
import type { Host } from "./host.ts";
import { gatherLabels } from "./labels/labels.ts";
import type { Log } from "./log.ts";
import { lookAtHost } from "./look.ts";
import { createNamespaceFinder, finderSettings } from "./namespaces/finder.ts";
import { namespacesToLookAt } from "./namespaces/look.ts";
import { printJson, printTable } from "./print.ts";
import { say } from "./say.ts";
import { systemTimers } from "./timers.ts";

/**
 * Shows what is seen, for `--once --print`; needs no service, no token and no state.
 *
 * @returns the exit code: 1 when a source failed or nothing was read.
 */
export async function show(
  settings: Settings,
  host: Host,
  capabilities: Capabilities,
  log: Log,
): Promise<number> {
  const { name, procfs, json, all } = settings;
  const { labels, warnings } = await gatherLabels(settings, process.env);
  for (const warning of warnings) log.warn(warning);
  const finder = createNamespaceFinder(finderSettings(settings, host, COLLECTORS, capabilities));
  const seen = await lookAtHost({
    name,
    labels,
    procfs,
    host,
    capabilities,
    timers: systemTimers,
    now: () => performance.now(),
    namespaces: namespacesToLookAt(finder, procfs, COLLECTORS, settings.namespaceCounters),
  });
  const { scrape } = seen;
  for (const { collector, error } of scrape.failures) log.error(`left out ${collector}: ${error.message}`);
  await say(json ? printJson(seen) : printTable(seen, all));
  return scrape.failures.length === 0 && scrape.names.length > 0 ? 0 : 1;
}
