/** From snapshots to far ends by the real jobs: how often people hear of what happens to many hosts together. */
import { afterEach, beforeEach, expect } from "vitest";
import { parseReceivers } from "../../src/notify/config/receivers-file.ts";
import { sayGoodbye } from "../../src/store/host-status.ts";
import { FULL, incidentsOf, type Moves } from "../support/detection.ts";
import { type FarEnd, startFarEnd } from "../support/far-end.ts";
import { fleetOf, NotifiedFleet } from "../support/notified-fleet.ts";
import { expectNothingLeft } from "../support/notifying.ts";
import type { HeldFarEnd } from "../support/receivers/contract.ts";
import { startPagerDuty } from "../support/receivers/pagerduty.ts";
import { WEBHOOK_SECRET } from "../support/receivers-file.ts";
import { test } from "../support/store.ts";

const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };
/** A fifth of a role is one incident of the role; what is judged in one transaction is less than that. */
const HOSTS = 500;
const PER_SHARD = 90;

let pager: HeldFarEnd;
let eachPager: HeldFarEnd;
let hook: FarEnd;
beforeEach(async () => {
  [pager, eachPager, hook] = [await startPagerDuty(), await startPagerDuty(), await startFarEnd()];
});
afterEach(() => Promise.all([pager.close(), eachPager.close(), hook.close()]));

/** Three far ends that hear of everything: two by the defaults, and a pager for which each incident is a group. */
function receivers() {
  const pagerduty = { type: "pagerduty", routing_key: "0123456789abcdef" };
  const route = { matchers: ['cause!=""'], continue: true };
  const text = JSON.stringify({
    allow_private: ["127.0.0.1"],
    route: {
      routes: [
        { ...route, receiver: "pager" },
        { ...route, receiver: "hook" },
        { ...route, receiver: "each", group_by: ["incident"] },
      ],
    },
    receivers: [
      { ...pagerduty, name: "pager", url: `${pager.url}/v2/enqueue` },
      { ...pagerduty, name: "each", url: `${eachPager.url}/v2/enqueue` },
      { name: "hook", type: "webhook", url: hook.url, secret: WEBHOOK_SECRET },
    ],
  });
  return parseReceivers(text, "receivers.yml", { environment: {} });
}

const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** What a pager was told, in words, with the key of the alert by number. */
function eventsAt({ requests, faults }: HeldFarEnd): string[] {
  expect(faults).toEqual([]);
  const keys = new Map<string, number>();
  return requests.map(({ json }) => {
    const { event_action, dedup_key, payload } = json as {
      event_action: string;
      dedup_key: string;
      payload?: { summary: string };
    };
    const key = keys.get(dedup_key) ?? keys.size + 1;
    keys.set(dedup_key, key);
    return [event_action, key, ...(payload === undefined ? [] : [payload.summary])].join(" ");
  });
}

function toldByHook() {
  return hook.asked.map(({ body }) => {
    const { type, data } = JSON.parse(body) as {
      type: string;
      data: { incidents: { title: string; state: string; hostCount: number }[] };
    };
    return [type, ...data.incidents.map(({ title, state, hostCount }) => `${title} ${state} ${hostCount}`)];
  });
}

test(`${HOSTS} hosts that fail together give one notification, and one end`, { timeout: 900_000 }, async ({
  store,
}) => {
  const fleet = new NotifiedFleet(store, receivers());
  const failing = await fleetOf(store, named("web", HOSTS), { role: "web" }, PER_SHARD);
  const well = await fleetOf(store, named("well", 20), { role: "web" });
  const allWell = [
    { hosts: failing, moves: CALM },
    { hosts: well, moves: CALM },
  ];
  await fleet.minutes(1, allWell);
  await fleet.minutes(2, [
    { hosts: failing, moves: STALLED, listener: FULL },
    { hosts: well, moves: CALM },
  ]);
  await fleet.minutes(6, allWell);
  await fleet.end();

  const title = `Application accepts nothing: ${HOSTS} hosts of web`;
  const incidents = await incidentsOf(store);
  // The first shards alone are no fifth of the role. Their hosts' own incidents are over before they are told.
  expect(incidents.filter((one) => one.title !== title).length).toBeGreaterThanOrEqual(PER_SHARD);
  expect(incidents.map(({ status }) => status)).toEqual(incidents.map(() => "RESOLVED"));
  for (const one of [pager, eachPager]) {
    expect(eventsAt(one)).toEqual([`trigger 1 [CRITICAL] ${title}`, "resolve 1"]);
  }
  expect(toldByHook()).toEqual([
    ["incident.opened", `${title} open ${HOSTS}`],
    ["incident.resolved", `${title} resolved ${HOSTS}`],
  ]);
  await expectNothingLeft(store.db);
});

test("ten that leave by scale-in give none, and one that dies beside them gives one", {
  timeout: 300_000,
}, async ({ store }) => {
  const fleet = new NotifiedFleet(store, receivers());
  const staying = await fleetOf(store, named("web", 30), { role: "web" });
  const saying = await fleetOf(store, named("saying", 5), { role: "web" });
  const ephemeral = await fleetOf(store, named("ephemeral", 5), { role: "web", ephemeral: "true" });
  const dying = await fleetOf(store, ["dying"], { role: "web" });
  const going = [...saying, ...ephemeral, ...dying];
  const stay = { hosts: staying, moves: CALM };
  await fleet.minutes(2, [stay, { hosts: going, moves: CALM }]);
  for (const { hostId } of saying) await sayGoodbye(store.db, hostId, "leaving", fleet.now);
  await fleet.minutes(5, [stay]);

  const title = "Nothing is heard: dying";
  expect((await incidentsOf(store)).map((one) => one.title)).toEqual([title]);
  for (const one of [pager, eachPager]) {
    expect(eventsAt(one)).toEqual([expect.stringMatching(`^trigger 1 .*${title}$`)]);
  }
  expect(toldByHook()).toEqual([["incident.opened", `${title} open 1`]]);
});

test("a rack that falls silent gives one notification, and one end when it is back", {
  timeout: 300_000,
}, async ({ store }) => {
  const fleet = new NotifiedFleet(store, receivers());
  const staying = await fleetOf(store, named("web", 30), { role: "web" });
  const rack = await fleetOf(store, named("rack", 20), { role: "web" }, 8);
  const stay = { hosts: staying, moves: CALM };
  await fleet.minutes(3, [stay, { hosts: rack, moves: CALM }]);
  await fleet.minutes(3, [stay]);
  await fleet.minutes(7, [stay, { hosts: rack, moves: CALM }]);
  await fleet.end();

  const title = `Nothing is heard: ${rack.length} hosts`;
  for (const one of [pager, eachPager]) {
    expect(eventsAt(one)).toEqual([expect.stringMatching(`^trigger 1 .*${title}$`), "resolve 1"]);
  }
  expect(toldByHook()).toEqual([
    ["incident.opened", `${title} open ${rack.length}`],
    ["incident.resolved", `${title} resolved ${rack.length}`],
  ]);
  await expectNothingLeft(store.db);
});
