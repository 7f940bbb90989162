/** What the tests of the agent's pushes share. */
import { onTestFinished } from "vitest";
import { createSeldomLog } from "../../../../agent/log.ts";
import { createComposer, type SenderFacts } from "../../../../agent/message.ts";
import { createPusher, type Step } from "../../../../agent/push.ts";
import { createMemoryQueue } from "../../../../agent/queue.ts";
import { createSetAside } from "../../../../agent/set-aside.ts";
import type { QueuedSnapshot } from "../../../../agent/snapshot.ts";
import { createTransport } from "../../../../agent/transport.ts";
import { recordingLog } from "./log.ts";
import { startService } from "./service.ts";

/** What a push comes to when nothing waits to be sent. */
export const IDLE = { next: "idle", ms: null };

/** A pusher and the service it pushes to. Time stands still unless a test moves it; chance is always 0.5. */
export async function setUp(...waiting: QueuedSnapshot[]) {
  const said: { facts: SenderFacts; goodbye?: "leaving" | "restarting" } = { facts: {} };
  const service = await startService(onTestFinished);
  const queue = createMemoryQueue();
  for (const one of waiting) queue.append(one);
  const setAside = createSetAside();
  const log = recordingLog();
  const time = { uptimeMs: 100_000 };
  const learned: unknown[][] = [];
  const wishes: unknown[] = [];
  const reloads = { count: 0 };
  const transport = createTransport({ server: service.url, token: () => "t", timeoutMs: 5_000 });
  onTestFinished(() => transport.close());
  const pusher = createPusher({
    queue,
    setAside,
    compose: createComposer({ id: "id", key: "key", name: "web-1" }),
    transport,
    uptimeMs: () => time.uptimeMs,
    facts: () => said.facts,
    goodbye: () => said.goodbye,
    learn: (...measurement) => learned.push(measurement),
    configure: (wish) => wishes.push(wish),
    token: {
      reload: () => {
        reloads.count += 1;
      },
      remedy: "mend the token",
    },
    wallClock: () => 42,
    monotonicMs: () => time.uptimeMs,
    random: () => 0.5,
    log,
    seldom: createSeldomLog(60_000, () => time.uptimeMs),
  });
  const left = () => queue.peekBatch(Number.POSITIVE_INFINITY, () => true).map(({ at }) => at);
  const sent = () => service.received.map((push) => push.snapshots.map(({ at }) => at));
  /** Pushes until there is something to wait for. */
  const drain = async (): Promise<Step> => {
    for (let i = 0; i < 100; i += 1) {
      const step = await pusher.push();
      if (step.next !== "now") return step;
    }
    throw new Error("100 pushes without a pause");
  };
  return { service, said, queue, setAside, log, time, learned, wishes, reloads, pusher, left, sent, drain };
}
