import { setTimeout as pause } from "node:timers/promises";
import { SpillwayError } from "../errors.ts";
import type { DrillNews, IncidentSeen } from "./events.ts";
import { askAbout, incidentOf, NOTHING_SEEN, type Told, whatIsNew } from "./follow.ts";
import type { HeldBox } from "./held-box.ts";
import type { Scenario } from "./kinds.ts";
import type { ServiceAddress } from "./service.ts";

/** How often the service is asked. */
const ASK_MS = 1_000;
const READY_MS = 30_000;
const JOINED_MS = 60_000;
/** The right cause must stand for so long: the first moment shows least of what is the matter. */
const STANDS_MS = 5_000;
/** How long a service that does not answer is waited for. */
const LOST_MS = 15_000;
/** How long it is watched what becomes of the incident. */
const AFTER_MS = 30_000;

/** A drill under way: what is made on the one side, and what the service says of it on the other. */
export class FollowedDrill {
  readonly #service: ServiceAddress;
  readonly #scenario: Scenario;
  readonly #box: HeldBox;
  readonly #say: (news: DrillNews) => void;
  /** Rejects when the drill falls apart, or is to end early. */
  readonly #cut: Promise<never>;
  #answeredAt = performance.now();

  constructor(
    service: ServiceAddress,
    scenario: Scenario,
    box: HeldBox,
    say: (news: DrillNews) => void,
    signal: AbortSignal,
  ) {
    this.#service = service;
    this.#scenario = scenario;
    this.#box = box;
    this.#say = say;
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    this.#cut = Promise.race([box.failed, stopped]);
    // Nobody may be waiting at that moment; who waits next learns of it.
    this.#cut.catch(() => undefined);
  }

  /** @returns whether the cause that was named is the right one */
  async run(): Promise<boolean> {
    const { cause: expected } = this.#scenario;
    await this.#within(READY_MS, "the agent and the application did not start", this.#box.ready);
    const hostId = await this.#joined();
    this.#say({ type: "loaded", hostId });
    this.#box.begin();
    const incident = await this.#verdict(hostId);
    const clients = await this.#within(READY_MS, "the clients did not end", this.#box.halt());
    const right = incident?.cause === expected;
    this.#say({ type: "verdict", right, expected, incident, clients });
    await this.#box.end();
    this.#say({ type: "left" });
    if (incident !== null) await this.#after(hostId, incident.id);
    return right;
  }

  /** Until the service has two snapshots of the host, from which on it knows increases. */
  async #joined(): Promise<string> {
    const look = async () => {
      const hostId = this.#box.hostId();
      if (hostId === null) return null;
      const told = await this.#ask(hostId);
      return told === null || told.increase === null ? null : hostId;
    };
    const found = await this.#until(JOINED_MS, look);
    if (found !== null) return found;
    throw new SpillwayError(
      "UNAVAILABLE",
      `the service has no snapshots of the drill's host after ${JOINED_MS / 1_000} s: may the token push, also for a host of this name?`,
    );
  }

  /** The incident when the right cause has stood for a while, or when it was waited long enough. */
  async #verdict(hostId: string): Promise<IncidentSeen | null> {
    const { cause, counter, patienceMs } = this.#scenario;
    let seen = NOTHING_SEEN;
    let last: IncidentSeen | null = null;
    let rightSince: number | null = null;
    const look = async () => {
      const told = await this.#ask(hostId);
      if (told === null) return null;
      const { seen: now, news } = whatIsNew(counter, seen, told);
      seen = now;
      for (const one of news) this.#say(one);
      last = incidentOf(cause, told);
      if (last?.cause !== cause) rightSince = null;
      else rightSince ??= performance.now();
      return rightSince !== null && performance.now() - rightSince >= STANDS_MS ? last : null;
    };
    return (await this.#until(patienceMs, look)) ?? last;
  }

  /** Its host has left, so that the incident is over; a service that has just started judges that later. */
  async #after(hostId: string, incidentId: string): Promise<void> {
    let status = "OPEN";
    await this.#until(AFTER_MS, async () => {
      const told = await this.#ask(hostId);
      status = told?.incidents.find(({ id }) => id === incidentId)?.status ?? status;
      return status === "RESOLVED" ? true : null;
    });
    this.#say({ type: "after", status });
  }

  /** Null where the service does not answer, which is borne for a while. */
  async #ask(hostId: string): Promise<Told | null> {
    try {
      const told = await askAbout(this.#service, hostId, this.#scenario.counter);
      this.#answeredAt = performance.now();
      return told;
    } catch (error) {
      const isBorne = error instanceof SpillwayError && error.code === "UNAVAILABLE";
      if (isBorne && performance.now() - this.#answeredAt < LOST_MS) return null;
      throw error;
    }
  }

  /** Looks again and again; null at the end of the time. */
  async #until<T>(ms: number, look: () => Promise<T | null>): Promise<T | null> {
    const deadline = performance.now() + ms;
    for (;;) {
      const found = await Promise.race([look(), this.#cut]);
      if (found !== null) return found;
      if (performance.now() >= deadline) return null;
      await Promise.race([pause(ASK_MS), this.#cut]);
    }
  }

  /** @throws UNAVAILABLE with these words when the time is over first */
  async #within<T>(ms: number, late: string, work: Promise<T>): Promise<T> {
    const done = work.then((value) => ({ value }));
    const found = await Promise.race([done, pause(ms, null, { ref: false }), this.#cut]);
    if (found !== null) return found.value;
    throw new SpillwayError("UNAVAILABLE", `${late} within ${ms / 1_000} s`);
  }
}
