/**
 * What it costs to bring episodes and incidents in line while many hosts fail: `tsx bench/detect/failing-hosts.ts`.
 *
 * 256 hosts lose handshakes; each round is a snapshot of every one of them, judged for itself, as a shard's job does.
 * CPU time of this process for a round: of hosts of one role, whose incident is one, and of hosts without a role,
 * whose incidents are 256. Once with the book taken whole for each judgement, once with one that is opened for all.
 */
import { advance, type Book, emptyBook, type Judgement, OpenBook } from "../../src/detect/episodes/book.ts";
import { round } from "../support/figure.ts";

const HOSTS = 256;
const WARM_ROUNDS = 6;
const ROUNDS = 12;
const INTERVAL_MS = 10_000;
const T0 = Date.UTC(2026, 10, 23);
const SIZES = new Map([
  ["*", 1_000],
  ["web", 1_000],
]);

function judgementOf(host: number, at: number, role: string | null): Judgement {
  const subject = `namespace ${host}`;
  return {
    source: subject,
    at,
    judges: "counters",
    observations: [
      {
        subject,
        host: String(host),
        role,
        cause: "APPLICATION_SLOW",
        port: 8080,
        strength: 5,
        severity: "CRITICAL",
      },
    ],
    judged: new Set([subject]),
    sizes: SIZES,
  };
}

/** Takes the judgements of a round into a book. */
type Take = (book: Book, judgements: readonly Judgement[]) => Book;

const each: Take = (book, judgements) =>
  judgements.reduce((before, judgement) => advance(before, judgement).book, book);

const opened: Take = (book, judgements) => {
  const open = new OpenBook(book);
  for (const judgement of judgements) open.take(judgement);
  return open.book;
};

/** @returns ms of CPU for a round */
function cost(take: Take, role: string | null): number {
  let book = emptyBook();
  const run = (from: number, rounds: number) => {
    for (let number = from; number < from + rounds; number++) {
      // Agents are not in step.
      const at = (host: number) => T0 + number * INTERVAL_MS + host * 17;
      book = take(
        book,
        Array.from({ length: HOSTS }, (_, host) => judgementOf(host, at(host), role)),
      );
    }
  };
  run(0, WARM_ROUNDS);
  const before = process.cpuUsage();
  run(WARM_ROUNDS, ROUNDS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / ROUNDS;
}

for (const [name, role] of [
  ["one role", "web"],
  ["no role", null],
] as const) {
  const line = (how: string, take: Take) =>
    console.log(
      `detect: ${HOSTS} failing hosts of ${name}, ${how}: ${round(cost(take, role))} ms of CPU a round`,
    );
  line("each judgement for itself", each);
  line("one book for all", opened);
}
