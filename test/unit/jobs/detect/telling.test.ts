import { expect, test } from "vitest";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import { advance, emptyBook, type Incident, type Judgement } from "../../../../src/detect/episodes/book.ts";
import { DEFAULT_SETTINGS } from "../../../../src/detect/settings.ts";
import type { Detail } from "../../../../src/jobs/detect/hand-book.ts";
import { tellingOf } from "../../../../src/jobs/detect/telling.ts";

const HOSTS = ["1", "2", "3", "4", "5", "6"];

/** Six hosts of a role of ten, whose applications are too slow. */
function slowRole() {
  const judgement = (at: number): Judgement => ({
    source: "shard 0",
    at,
    judges: "counters",
    judged: new Set(HOSTS),
    sizes: new Map([
      ["web", 10],
      ["*", 10],
    ]),
    observations: HOSTS.map((host) => ({
      subject: host,
      host,
      role: "web",
      cause: "APPLICATION_SLOW",
      port: 80,
      strength: 5,
      severity: "CRITICAL",
    })),
  });
  const { book } = advance(advance(emptyBook(), judgement(60_000)).book, judgement(70_000));
  const incidents = [...book.incidents.values()];
  expect(incidents.map(({ scope, cause }) => [scope.kind, cause])).toEqual([["fleet", "APPLICATION_SLOW"]]);
  return { book, incident: incidents[0] as Incident };
}

const detail = (cause: Cause, share: number) =>
  ({ diagnosis: { cause }, loss: { share, low: 0, high: 1 } }) as unknown as Detail;

function toldOf(causes: readonly Cause[]) {
  const { book, incident } = slowRole();
  const details = new Map(HOSTS.map((host, index) => [host, detail(causes[index] as Cause, index / 10)]));
  const fleet = { hostById: new Map() };
  return tellingOf(incident, {
    hand: { book, details },
    fleet,
    roleLabels: ["role"],
    settings: DEFAULT_SETTINGS,
  });
}

test("an incident is told by the member that loses most of those whose cause is its own", () => {
  const slow = "APPLICATION_SLOW";
  const small = "ACCEPT_QUEUE_TOO_SMALL";
  // The last loses most, and what helps it is the opposite of what helps the others.
  expect(toldOf([slow, slow, slow, slow, slow, small]).detail).toMatchObject({
    diagnosis: { cause: slow },
    loss: { share: 0.4 },
  });
  expect(toldOf([slow, slow, slow, slow, slow, slow]).detail?.loss?.share).toBe(0.5);
});

test("where none has its cause any more, by one of its family", () => {
  expect(toldOf(HOSTS.map(() => "ACCEPT_QUEUE_TOO_SMALL")).detail?.diagnosis.cause).toBe(
    "ACCEPT_QUEUE_TOO_SMALL",
  );
});
