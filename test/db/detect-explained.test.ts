/** Incidents that another explains, and that come back when it does not any more, or while it does. */
import { describe, expect } from "vitest";
import { inTransaction, type Store } from "../../src/store/client.ts";
import { lockIncident } from "../../src/store/incidents/lock.ts";
import { markResolved } from "../../src/store/incidents/resolve.ts";
import { append, detector, FULL, incidentsOf, type Moves, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };

/** A host whose application stalls while a counter has fallen: the second explains the first. */
class DoubtfulHost {
  readonly #store: Store;
  readonly #host: MovingHost;
  readonly #worker: ReturnType<typeof detector>;
  #count = 10_000n;

  private constructor(store: Store, host: MovingHost) {
    this.#store = store;
    this.#host = host;
    this.#worker = detector(store);
  }

  static async make(store: Store): Promise<DoubtfulHost> {
    const host = new DoubtfulHost(store, await MovingHost.make(store, "web-1", T0));
    await host.minutes(2, CALM);
    await host.fallen(STALLED);
    await host.minutes(2, STALLED);
    return host;
  }

  get at(): number {
    return this.#host.at;
  }

  /** So many minutes, each judged when it has come. */
  async minutes(count: number, moves: Moves): Promise<void> {
    this.#host.raw.set("TcpExtTCPOFOQueue", this.#count);
    for (let minute = 0; minute < count; minute++) {
      const rows = await this.#host.intervals(6, moves, ...(moves === STALLED ? [FULL] : []));
      await append(this.#store, rows);
      await this.#worker.run(this.#host.at + 5_000);
    }
  }

  /** One that begins with a counter that fell. */
  async fallen(moves: Moves): Promise<void> {
    this.#count -= 100n;
    await this.minutes(1, moves);
  }
}

const stallOf = async (store: Store) =>
  (await incidentsOf(store)).find(({ cause }) => cause === "APPLICATION_STALLED");
const problemOf = async (store: Store) =>
  (await incidentsOf(store)).find(({ cause }) => cause === "DATA_PROBLEM");

describe("an incident that was explained when it ended", () => {
  test("is explained by nothing when it comes back after what explained it", async ({ store }) => {
    const host = await DoubtfulHost.make(store);
    const [stall, problem] = [await stallOf(store), await problemOf(store)];
    expect(stall).toMatchObject({ status: "OPEN", inhibitedBy: problem?.id });
    // Neither is known to be over before the other.
    await host.fallen(CALM);
    await host.minutes(8, CALM);
    expect(await problemOf(store)).toMatchObject({ status: "RESOLVED" });
    expect(await stallOf(store)).toMatchObject({ status: "RESOLVED", inhibitedBy: problem?.id });
    await host.minutes(2, STALLED);
    expect(await stallOf(store)).toMatchObject({
      id: stall?.id,
      status: "OPEN",
      inhibitedBy: null,
      urgency: "PAGE",
      kinds: ["OPENED", "INHIBITED", "RESOLVED", "REOPENED"],
    });
  });

  test("by a person is explained anew when it comes back, while that goes on", async ({ store }) => {
    const host = await DoubtfulHost.make(store);
    const [stall, problem] = [await stallOf(store), await problemOf(store)];
    if (stall === undefined) throw new Error("nothing stalls");
    await inTransaction(store.db, async (tx) => {
      await lockIncident(tx, stall.id);
      await markResolved(tx, stall.id, host.at, host.at);
    });
    await host.minutes(1, STALLED);
    expect(await stallOf(store)).toMatchObject({
      id: stall.id,
      status: "OPEN",
      inhibitedBy: problem?.id,
      kinds: [...stall.kinds, "REOPENED", "INHIBITED"],
    });
  });
});
