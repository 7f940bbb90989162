/** How long one waits before a gate at most, and what is thrown then. */
export interface Patience {
  readonly waitMs: number;
  readonly late: () => Error;
}

/** Lets so many through at a time; the others wait in the order in which they came, by default as long as it takes. */
export class Gate {
  readonly #width: number;
  readonly #patience: Patience | null;
  readonly #waiting: (() => void)[] = [];
  #within = 0;

  constructor(width: number, patience: Patience | null = null) {
    this.#width = width;
    this.#patience = patience;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#within >= this.#width) await this.#turn();
    else this.#within++;
    try {
      return await work();
    } finally {
      // The place goes to the next one without becoming free in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#within--;
      else next();
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#patience === null) {
        this.#waiting.push(resolve);
        return;
      }
      const { waitMs, late } = this.#patience;
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(late());
      }, waitMs);
      this.#waiting.push(go);
    });
  }
}
