/** A fleet of one role whose faults are said step by step, and the book that is kept of them. */
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import {
  advance,
  type Book,
  emptyBook,
  type Judgement,
  type Transition,
} from "../../../../src/detect/episodes/book.ts";

const STEP_MS = 10_000;
export const T0 = 1_000_000_000;

/** What is the matter with a host; not said: it accepts too slowly on port 80. */
export interface Fault {
  readonly host: number;
  readonly cause?: Cause;
  readonly strength?: number | null;
  readonly port?: number;
}

/** What a fleet of `size` hosts of one role shows at a step. */
export function stepOf(number: number, faults: readonly Fault[], size = 100): Judgement {
  const judges = faults.some(({ cause }) => cause === "HOST_SILENT") ? "presence" : "counters";
  return {
    source: judges,
    at: T0 + number * STEP_MS,
    judges,
    observations: faults.map(({ host, cause = "APPLICATION_SLOW", strength = 5, port = 80 }) => ({
      subject: `h${host}`,
      host: `h${host}`,
      role: "web",
      cause,
      port: cause === "HOST_SILENT" ? null : port,
      strength,
      severity: "CRITICAL",
    })),
    judged: new Set(Array.from({ length: size }, (_, host) => `h${host}`)),
    sizes: new Map([
      ["web", size],
      ["*", size],
    ]),
  };
}

/** A fleet step by step, and all that was told of it. */
export class Fleet {
  book: Book = emptyBook();
  transitions: Transition[] = [];
  number = 0;
  readonly size: number;

  constructor(size = 100) {
    this.size = size;
  }

  take(step: Judgement): Transition[] {
    const { book, transitions } = advance(this.book, step);
    this.book = book;
    this.transitions.push(...transitions);
    return transitions;
  }

  run(steps: number, faults: readonly Fault[] = []): this {
    for (let step = 0; step < steps; step++) this.take(stepOf(++this.number, faults, this.size));
    return this;
  }

  open() {
    return [...this.book.incidents.values()].filter(({ status }) => status === "open");
  }

  kinds() {
    return this.transitions.map(({ kind }) => kind);
  }
}

/** The same fault on so many hosts. */
export const hosts = (count: number, more: Partial<Fault> = {}) =>
  Array.from({ length: count }, (_, host) => ({ host, ...more }));
