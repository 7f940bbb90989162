/**
 * The accept queue of a listener, second by second: connections come, the application takes some, and what finds the
 * queue full is dropped and tried again by its client.
 */

/** A SYN that is not answered is sent again after so many seconds: as kernels since 6.5 do, seven of them in 10 s ... */
const RETRY_SECONDS: readonly number[] = [1, 1, 1, 1, 1, 2];
/** ... and then the application behind it has given up: most set a limit of some ten seconds. */
const TRIES = RETRY_SECONDS.length + 1;
/** Longer than the longest wait. */
const RING = 4;

/** What a second did to the queue. */
export interface QueueSecond {
  /** Handshakes that were completed and queued: TcpPassiveOpens. */
  readonly accepted: number;
  /** Packets that found the queue full: ListenOverflows, ListenDrops and sk_drops. */
  readonly dropped: number;
  /** Clients that gave up. */
  readonly lost: number;
  /** The most that waited, and how many did at the end. */
  readonly peak: number;
  readonly waiting: number;
}

export class AcceptQueue {
  readonly limit: number;
  #waiting = 0;
  #second = 0;
  /** SYNs that will be sent again, by second and by how often they were sent before. */
  readonly #retries = Array.from({ length: RING }, () => new Array<number>(TRIES).fill(0));

  /** @param limit min(backlog, somaxconn); the kernel holds one more */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether something waits, in the queue or at a client. */
  get isBusy(): boolean {
    return this.#waiting > 0 || this.#retries.some((tries) => tries.some((count) => count > 0));
  }

  /**
   * @param fresh connections that are tried for the first time, spread over the second
   * @param burst others, all at its beginning
   * @param capacity connections that the application can take in a second
   */
  pass(fresh: number, burst: number, capacity: number): QueueSecond {
    const due = this.#retries[this.#second % RING] as number[];
    const arrivals = [fresh, ...due.slice(1)];
    due.fill(0);
    const hold = this.limit + 1;

    // A burst is there before the application is: what does not fit is dropped.
    const fits = Math.max(0, Math.min(burst, hold - this.#waiting));
    this.#waiting += fits;
    const peak = this.#waiting;
    let dropped = burst - fits;
    let lost = this.#again(burst - fits, 0);

    const wanted = arrivals.reduce((sum, count) => sum + count, 0);
    const room = Math.max(0, hold - this.#waiting + capacity);
    const taken = Math.min(wanted, room);
    let refused = wanted - taken;
    dropped += refused;
    // Those that come again and those that are new are refused alike.
    arrivals.forEach((count, tries) => {
      const share = Math.min(refused, Math.round((count * (wanted - taken)) / Math.max(1, wanted)), count);
      refused -= share;
      lost += this.#again(share, tries);
    });
    // What rounding leaves over.
    lost += this.#again(refused, 0);
    this.#waiting = Math.max(0, this.#waiting + taken - capacity);
    this.#second++;
    return {
      accepted: fits + taken,
      dropped,
      lost,
      peak: Math.max(peak, this.#waiting),
      waiting: this.#waiting,
    };
  }

  /** @returns how many of these clients give up */
  #again(count: number, tries: number): number {
    const wait = RETRY_SECONDS[tries];
    if (wait === undefined) return count;
    const then = this.#retries[(this.#second + wait) % RING] as number[];
    then[tries + 1] = (then[tries + 1] ?? 0) + count;
    return 0;
  }
}
