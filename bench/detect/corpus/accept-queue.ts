/** Steps that a second is cut into. */
export const STEPS_PER_SECOND = 10;
/** Longer than the longest wait for the next SYN. */
const RING = 40 * STEPS_PER_SECOND;
/** Packets that one refused cookie costs: 1,027 overflows for 328 of them, measured. */
const DROPS_PER_COOKIE = 3;

/**
 * Seconds after which a client that is not answered sends its SYN again: seven in 10 s by kernels since 6.5, four
 * by older ones.
 */
const SECONDS: Readonly<Record<4 | 7, readonly number[]>> = {
  7: [1, 2, 3, 4, 5, 7, 11, 19, 35],
  4: [1, 3, 7, 15, 31],
};

export interface QueueShape {
  /** min(backlog, somaxconn); the kernel holds one more. */
  readonly limit: number;
  readonly syns: 4 | 7;
  /** Seconds after which a client's application gives up. */
  readonly patience: number;
  /** Whether the SYN queue, which has the same limit, answers with cookies once it is full. */
  readonly cookies: boolean;
}

/** What happened to the queue since `take()` was called last. */
export interface QueueSeen {
  /** Clients that came, and those of them whose first packet found no room: lost, or delayed by a second or more. */
  arrived: number;
  refused: number;
  /** Clients of any age that got in, and clients that gave up or were reset. */
  accepted: number;
  gaveUp: number;
  /** Connections that the application took. */
  taken: number;
  /** Packets dropped: ListenOverflows, ListenDrops and sk_drops alike. */
  overflows: number;
  cookiesSent: number;
  cookiesReceived: number;
  cookiesFailed: number;
  samples: number;
  samplesFull: number;
  peak: number;
}

/**
 * The accept queue of one listener with its clients, in steps of a tenth of a second: they come, find room or none,
 * send their SYN again, get in late or give up. All the counters of it follow from one course of events, so that
 * they agree with each other and with the truth.
 */
export class AcceptQueue {
  readonly shape: QueueShape;
  waiting = 0;
  /** Clients that will send their SYN again. */
  trying = 0;
  readonly #waits: readonly number[];
  /** By how often they were sent, then by the step at which they come again. */
  readonly #due: Float64Array[];
  #step = 0;
  #allowance = 0;
  #seen = nothingSeen();

  constructor(shape: QueueShape) {
    this.shape = shape;
    const seconds = SECONDS[shape.syns].filter((second) => second <= shape.patience);
    this.#waits = seconds.map((second, index) =>
      Math.round((second - (seconds[index - 1] ?? 0)) * STEPS_PER_SECOND),
    );
    this.#due = seconds.map(() => new Float64Array(RING));
  }

  get isBusy(): boolean {
    return this.waiting > 0 || this.trying > 0;
  }

  /** @param fresh clients that come first in this step @param capacity what the application can take in it */
  step(fresh: number, capacity: number): void {
    const seen = this.#seen;
    const slot = this.#step++ % RING;
    this.#allowance = Math.min(this.#allowance + capacity, capacity + 1);
    const canTake = Math.floor(this.#allowance);
    const hold = this.shape.limit + 1;
    const isFull = this.waiting >= hold;
    const again = this.#due.map((due) => due[slot] as number);
    for (const due of this.#due) due[slot] = 0;
    // The application takes from the queue while they come.
    let room = hold - this.waiting + (isFull ? Math.min(canTake, this.waiting) : canTake);
    let left = fresh + again.reduce((sum, count) => sum + count, 0);
    let accepted = 0;
    const admit = (count: number): number => {
      const admitted = left === 0 ? 0 : Math.min(count, Math.round((count * Math.min(room, left)) / left));
      room -= admitted;
      left -= count;
      accepted += admitted;
      return admitted;
    };
    again.forEach((count, sent) => {
      if (count === 0) return;
      const admitted = admit(count);
      this.trying -= count;
      this.#refuse(count - admitted, sent + 1);
    });
    const admitted = admit(fresh);
    const refused = fresh - admitted;
    seen.arrived += fresh;
    seen.refused += refused;
    this.#refuse(refused - this.#cookies(fresh, refused, isFull), 0);

    seen.peak = Math.max(seen.peak, Math.min(hold, this.waiting + accepted));
    const taken = Math.min(canTake, this.waiting + accepted);
    this.waiting += accepted - taken;
    this.#allowance -= taken;
    seen.accepted += accepted;
    seen.taken += taken;
    if (this.#step % STEPS_PER_SECOND === 0) {
      seen.samples++;
      if (this.waiting > this.shape.limit) seen.samplesFull++;
    }
  }

  /** What was seen since the last call. */
  take(): QueueSeen {
    const seen = this.#seen;
    this.#seen = nothingSeen();
    seen.peak = Math.max(seen.peak, this.waiting);
    return seen;
  }

  /** The SYN queue of a burst is full before the accept queue is. @returns clients that were reset for it */
  #cookies(fresh: number, refused: number, isFull: boolean): number {
    const sent = isFull || !this.shape.cookies ? 0 : Math.max(0, fresh - this.shape.limit - 1);
    const failed = Math.min(sent, refused);
    const seen = this.#seen;
    seen.cookiesSent += sent;
    // A cookie that comes back is counted when it is checked and again when it is taken.
    seen.cookiesReceived += 2 * sent;
    seen.cookiesFailed += failed;
    seen.overflows += DROPS_PER_COOKIE * failed;
    seen.gaveUp += failed;
    return failed;
  }

  #refuse(count: number, sent: number): void {
    if (count === 0) return;
    this.#seen.overflows += count;
    const wait = this.#waits[sent];
    if (wait === undefined) {
      this.#seen.gaveUp += count;
      return;
    }
    const due = this.#due[sent] as Float64Array;
    const slot = (this.#step - 1 + wait) % RING;
    due[slot] = (due[slot] as number) + count;
    this.trying += count;
  }
}

function nothingSeen(): QueueSeen {
  return {
    arrived: 0,
    refused: 0,
    accepted: 0,
    gaveUp: 0,
    taken: 0,
    overflows: 0,
    cookiesSent: 0,
    cookiesReceived: 0,
    cookiesFailed: 0,
    samples: 0,
    samplesFull: 0,
    peak: 0,
  };
}
