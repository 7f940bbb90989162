/**
 * What the server writes: passed on to our log when it is a warning or worse, at a bounded rate, and its
 * last lines kept to explain an end that nobody asked for.
 */
import type { Log } from "./log.ts";

const KEPT_LINES = 40;
const LINE_LENGTH = 2_000;
/** A server that fails every statement, on a full disk say, repeats itself thousands of times a second. */
const LINES_PER_WINDOW = 20;
const WINDOW_MS = 10_000;

const PASSED_ON = /^(?:WARNING|ERROR|FATAL|PANIC): {2}/;
/** What every connection is told while the server comes or goes: expected, and once for each. */
const EXPECTED =
  /the database system is (?:starting up|shutting down|in recovery)|due to administrator command/;

export class ServerLog {
  readonly #log: Log;
  #rest = "";
  #kept: string[] = [];
  #windowEnds = 0;
  #passed = 0;
  #leftOut = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  write(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, LINE_LENGTH);
    for (const line of lines) this.#add(line.slice(0, LINE_LENGTH));
  }

  lastLines(): readonly string[] {
    return this.#rest === "" ? this.#kept : [...this.#kept, this.#rest];
  }

  #add(line: string): void {
    this.#kept.push(line);
    if (this.#kept.length > KEPT_LINES) this.#kept = this.#kept.slice(-KEPT_LINES);
    if (PASSED_ON.test(line) && !EXPECTED.test(line)) this.#pass(line);
  }

  #pass(line: string): void {
    const now = performance.now();
    if (now >= this.#windowEnds) {
      if (this.#leftOut > 0) this.#log.warn(`postgres: ${this.#leftOut} more lines were left out`);
      this.#windowEnds = now + WINDOW_MS;
      this.#passed = 0;
      this.#leftOut = 0;
    }
    if (this.#passed >= LINES_PER_WINDOW) {
      this.#leftOut += 1;
      return;
    }
    this.#passed += 1;
    this.#log.warn(`postgres: ${line}`);
  }
}
