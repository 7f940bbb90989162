import { keepToken, newSecret } from "../../../src/store/tokens.ts";
import { startChild } from "../../support/child.ts";
import { measure } from "../measure.ts";
import { AGENTS, fleetOf, fleetWords, greet, PUSHES, pushing, type Shape, setStage } from "../shape.ts";
import type { Heard, SubscribersCommand } from "../subscribers-protocol.ts";

/** What the fleet page subscribes to. */
const DOCUMENTS = [
  `subscription { trend(counter: "TcpExtListenOverflows") { labels start step values } }`,
  "subscription { incidents { id status updatedAt } }",
];

/** One credential may hold 100 sockets. */
const PER_TOKEN = 50;

/** Fleet pages that are open and quiet, and told by themselves, while agents push. */
export const subscriptions: Shape = async (shop, sizes) => {
  const stage = await setStage(shop);
  const { deployment, generator } = stage;
  await generator.agents(AGENTS, fleetOf(sizes), deployment.target);
  await greet(stage, [AGENTS], sizes.hosts);
  const people = Math.ceil(sizes.subscribers / PER_TOKEN);
  const perToken = Math.round(sizes.subscribers / people);
  const { db } = deployment.database.store;
  const tokens = Array.from({ length: people }, () => newSecret());
  for (const token of tokens) await keepToken(db, token, { name: "subscriber", scopes: ["read"] });
  const subscribers = startChild<SubscribersCommand>(shop, new URL("../subscribers.ts", import.meta.url));
  await subscribers.ask({
    do: "start",
    url: `ws://127.0.0.1:${deployment.spillway.port}/graphql`,
    tokens,
    perToken,
    documents: DOCUMENTS,
  });
  const before = (await subscribers.ask({ do: "tell" })) as Heard;
  const measured = await measure(deployment, generator, [pushing(sizes)]);
  const heard = (await subscribers.ask({ do: "tell" })) as Heard;
  await subscribers.ask({ do: "stop" });
  const cores = (heard.cpuMs - before.cpuMs) / 1_000 / measured.seconds;
  return [
    {
      shape: "subscriptions",
      name: `${fleetWords(sizes)}, ${people * perToken} subscribers`,
      label: PUSHES,
      measured,
      notes: [
        `${heard.messages} messages (${(heard.messages / measured.seconds).toFixed(0)} a second), ${heard.lost} subscriptions lost`,
        `the same message reached others after the first by p50 ${heard.behindP50Ms.toFixed(1)} ms, p99 ${heard.behindP99Ms.toFixed(0)} ms, at most ${heard.behindMaxMs.toFixed(0)} ms`,
        `the subscribers' own CPU: ${cores.toFixed(2)} cores, counted among others'`,
      ],
    },
  ];
};
