import { describe, expect, test } from "vitest";
import type { DrillEvent, DrillNews } from "../../../src/drill/events.ts";
import { inWords } from "../../../src/drill/words.ts";
import { incidentSeen } from "./support.ts";

const LOADED_AT = Date.UTC(2026, 10, 26, 11, 22, 7);
const CLIENTS = { attempted: 380, late: 3, unconnected: 360, reset: 0 };

/** The words of an event 5.2 s after the load began, without the time of day, which is that of the machine. */
function wordsOf(news: DrillNews, loadedAt: number | null = LOADED_AT): string {
  const event = { at: LOADED_AT + 5_200, ...news } as DrillEvent;
  return inWords(event, loadedAt).replace(/^\d\d:\d\d:\d\d/, "");
}

describe("a line", () => {
  test("says how long after the beginning of the load it came", () => {
    expect(wordsOf({ type: "seen", counter: "TcpExtListenOverflows", increase: "39" })).toBe(
      "  +  5.2 s  first seen: 39 TcpExtListenOverflows",
    );
  });

  test("says where a drill is made, and why not elsewhere", () => {
    const begun = { type: "begun", kind: "slow", what: "30 a second come", host: "drill-web-1" } as const;
    const own = { ...begun, place: "namespaces", why: null, atMostMs: 60_000 } as const;
    expect(wordsOf(own, null)).toMatch(
      /30 a second come; made in a network of its own, seen as .* 60 s at most/,
    );
    const shared = { ...own, place: "loopback", why: "unshare is not installed" } as const;
    expect(wordsOf(shared, null)).toMatch(/on this machine's loopback, .*\(unshare is not installed\)/);
  });

  test("says what became of the incident", () => {
    expect(wordsOf({ type: "after", status: "RESOLVED" })).toMatch(/is resolved, since its host has left/);
    expect(wordsOf({ type: "after", status: "OPEN" })).toMatch(/is OPEN still/);
  });
});

describe("a verdict", () => {
  const verdict = {
    type: "verdict",
    right: true,
    expected: "APPLICATION_STALLED",
    clients: CLIENTS,
  } as const;

  test("names cause, listener, share lost with its range, the truth, and what to do", () => {
    expect(wordsOf({ ...verdict, incident: incidentSeen() })).toBe(
      [
        "  +  5.2 s  The verdict: right",
        "  Cause       APPLICATION_STALLED",
        "  Confidence  80 %",
        "  Listener    0.0.0.0:8080 (drill-app)",
        "  Lost        about 98 % of new connections, lost or delayed by a second or more (97 % to 100 %)",
        "  Truth       the clients counted 363 of 380 lost or delayed (96 %)",
        "  Evidence    The queue was full in 8 of 8 samples.",
        "              The listener is behind 97 % of the drops.",
        "  What to do  See what the process does.",
        "  Incident    http://127.0.0.1:4000/incidents/3",
      ].join("\n"),
    );
  });

  test("that is wrong says what it should be", () => {
    const words = wordsOf({ ...verdict, right: false, expected: "SYN_FLOOD", incident: incidentSeen() });
    expect(words).toMatch(/The verdict: wrong\n {2}Cause {7}APPLICATION_STALLED, and it is SYN_FLOOD\n/);
  });

  test("of an incident without diagnosis and loss leaves out what is not known", () => {
    const bare = incidentSeen({ diagnosis: null, lossShare: null, lossLow: null, lossHigh: null });
    const words = wordsOf({ ...verdict, incident: bare });
    expect(words).toMatch(/Listener {4}none named\n {2}Lost {8}not estimated\n/);
    expect(words).not.toMatch(/Confidence|Evidence|What to do/);
    expect(wordsOf({ ...verdict, incident: incidentSeen({ lossShare: 0 }) })).toMatch(
      /Lost {8}no handshake\n/,
    );
  });

  test("without an incident is none", () => {
    const none = { ...verdict, right: false, incident: null, clients: { ...CLIENTS, attempted: 0 } };
    expect(wordsOf(none)).toMatch(/none\n {2}Expected {4}APPLICATION_STALLED\n {2}Came {8}no incident\n/);
  });
});
