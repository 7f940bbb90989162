import { aborts } from "./counters/aborts.ts";
import { activeOpens } from "./counters/active-opens.ts";
import { attemptFails } from "./counters/attempt-fails.ts";
import { challenges } from "./counters/challenges.ts";
import { currEstab } from "./counters/curr-estab.ts";
import { estabResets } from "./counters/estab-resets.ts";
import { fastOpenClient, fastOpenServer } from "./counters/fast-open.ts";
import { halfOpen } from "./counters/half-open.ts";
import { keepalive } from "./counters/keepalive.ts";
import { listenDrops } from "./counters/listen-drops.ts";
import { listenOverflows } from "./counters/listen-overflows.ts";
import { listenerMigration } from "./counters/listener-migration.ts";
import { memory } from "./counters/memory.ts";
import { outOfOrder } from "./counters/out-of-order.ts";
import { passiveOpens } from "./counters/passive-opens.ts";
import { receiveQueue } from "./counters/receive-queue.ts";
import { resetsSent } from "./counters/resets-sent.ts";
import { retransmissions } from "./counters/retransmissions.ts";
import { routes } from "./counters/routes.ts";
import { segments } from "./counters/segments.ts";
import { settings } from "./counters/settings.ts";
import { synCookies } from "./counters/syn-cookies.ts";
import { synQueue } from "./counters/syn-queue.ts";
import { timeWait } from "./counters/time-wait.ts";
import { timeouts } from "./counters/timeouts.ts";
import { timestamps } from "./counters/timestamps.ts";
import { windows } from "./counters/windows.ts";
import type { CounterTexts } from "./entry.ts";

/** A subject and the counters that belong to it, in the order in which they are read. */
export interface CounterFamily {
  readonly title: string;
  readonly counters: readonly CounterTexts[];
}

/** Every counter that has texts, the most important first. */
export const FAMILIES: readonly CounterFamily[] = [
  {
    title: "Connections and the accept queue",
    counters: [listenOverflows, listenDrops, attemptFails, activeOpens, passiveOpens, currEstab, estabResets],
  },
  {
    title: "The SYN queue and half-open connections",
    counters: [...synQueue, ...synCookies, ...halfOpen, ...challenges, ...listenerMigration],
  },
  { title: "Fast Open", counters: [...fastOpenServer, ...fastOpenClient] },
  { title: "How connections end", counters: [resetsSent, ...aborts] },
  { title: "Segments, losses and timeouts", counters: [...segments, ...retransmissions, ...timeouts] },
  {
    title: "Memory, buffers and windows",
    counters: [...memory, ...receiveQueue, ...outOfOrder, ...windows, keepalive],
  },
  { title: "After the end of a connection", counters: [...timeWait, ...timestamps] },
  { title: "Routes", counters: routes },
  { title: "Settings", counters: settings },
];
