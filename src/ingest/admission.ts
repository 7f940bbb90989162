/** How many pushes are read and looked up at once, and how many bytes of their bodies as they were sent. */
const WITHIN = { pushes: 64, bytes: 1024 * 1024 } as const;
/** How many may wait for that, as bytes that nobody has looked at. Beyond it they are told to come back. */
const WAITING = { pushes: 20_000, bytes: 32 * 1024 * 1024 } as const;

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/**
 * Lets in a few pushes at a time, the others in the order in which they came. A push of a host that is known takes no
 * time here; when a whole fleet is new at once, each waits for the database several times, and what a body is once it
 * has been read, a hundred times its bytes, would be held for all of them. So they go one after another, each to its
 * end: the first are answered while the last wait.
 */
export class Admission {
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #pushes = 0;
  #bytes = 0;

  /** True when no more may wait. */
  get full(): boolean {
    return this.#waiting.length >= WAITING.pushes || this.#waitingBytes >= WAITING.bytes;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @param bytes of the body, as it was sent */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#hasRoom(bytes)) {
      this.#waitingBytes += bytes;
      await new Promise<void>((start) => this.#waiting.push({ bytes, start }));
    } else this.#enter(bytes);
    try {
      return await work();
    } finally {
      this.#pushes--;
      this.#bytes -= bytes;
      this.#letIn();
    }
  }

  /** One always has, however large. */
  #hasRoom(bytes: number): boolean {
    return this.#pushes === 0 || (this.#pushes < WITHIN.pushes && this.#bytes + bytes <= WITHIN.bytes);
  }

  #enter(bytes: number): void {
    this.#pushes++;
    this.#bytes += bytes;
  }

  #letIn(): void {
    let count = 0;
    for (const { bytes, start } of this.#waiting) {
      if (!this.#hasRoom(bytes)) break;
      this.#enter(bytes);
      this.#waitingBytes -= bytes;
      count++;
      start();
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }
}
