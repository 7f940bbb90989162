import { readFileSync } from "node:fs";
import { type DocumentNode, Kind, parse, print } from "graphql";
import { postRequest } from "../../ingest/post-request.ts";
import { measure } from "../measure.ts";
import { AGENTS, fleetOf, fleetWords, greet, PUSHES, pushing, type Shape, setStage } from "../shape.ts";

const FILES = ["fleet/fleet.graphql", "incidents/incidents.graphql"];
/** As the page asks when it shows a quarter of an hour: each 5 s. */
const EVERY_MS = 5_000;
const range = { last: "15m" };
const openOf = (...severity: string[]) => ({ status: ["OPEN", "ACKNOWLEDGED"], severity });
const QUESTIONS: Readonly<Record<string, object>> = {
  FleetNow: { filter: null, range, step: null },
  FleetTrends: { filter: null, range, step: null, groupBy: null },
  FleetHeatmap: { filter: null, range },
  FleetWorst: { filter: null, range, by: "HOST" },
  FleetIncidents: { critical: openOf("CRITICAL"), major: openOf("MAJOR"), others: openOf("MINOR", "INFO") },
};

/** Fleet pages that people look at while agents push: all questions of the page, each over a connection as browsers have. */
export const dashboards: Shape = async (shop, sizes) => {
  const stage = await setStage(shop);
  const { deployment, generator } = stage;
  await generator.agents(AGENTS, fleetOf(sizes), deployment.target);
  await greet(stage, [AGENTS], sizes.hosts);
  const target = { port: deployment.spillway.port, path: "/graphql", token: deployment.spillway.readToken };
  const bodies = pageBodies();
  const label = "answers";
  await generator.readers(
    label,
    target.port,
    Array.from({ length: sizes.dashboards }, () => bodies)
      .flat()
      .map((body) =>
        postRequest(target, { "content-type": "application/json" }, Buffer.from(body)).toString(),
      ),
  );
  const measured = await measure(deployment, generator, [
    pushing(sizes),
    {
      of: label,
      label,
      kind: "asking",
      together: bodies.length,
      everyMs: EVERY_MS,
      forMs: sizes.seconds * 1_000,
    },
  ]);
  const answers = measured.ran.sent[label];
  const of = `${sizes.dashboards} fleet pages asking each ${EVERY_MS / 1_000} s`;
  return [
    {
      shape: "dashboards",
      name: `${fleetWords(sizes)}, ${of}`,
      label: PUSHES,
      measured,
      notes: [
        `${answers?.requests} answers to ${bodies.length} questions: p50 ${answers?.p50Ms.toFixed(0)} ms, p95 ${answers?.p95Ms.toFixed(0)} ms, p99 ${answers?.p99Ms.toFixed(0)} ms, at most ${answers?.maxMs.toFixed(0)} ms`,
      ],
    },
  ];
};

/** What the page asks, as bodies of requests. */
function pageBodies(): string[] {
  const definitions = FILES.flatMap((file) => documentOf(file).definitions);
  const fragments = definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  return Object.entries(QUESTIONS).map(([operationName, variables]) => {
    const operation = definitions.find(
      (one) => one.kind === Kind.OPERATION_DEFINITION && one.name?.value === operationName,
    );
    if (operation === undefined) throw new Error(`the fleet page has no ${operationName}`);
    let query = print(operation);
    // Fragments lead to fragments: those that are asked for are looked for again in what has been added.
    for (let added = true; added; ) {
      const wanted = fragments.filter(
        ({ name }) => query.includes(`...${name.value}`) && !query.includes(`fragment ${name.value} on`),
      );
      added = wanted.length > 0;
      query = [query, ...wanted.map(print)].join("\n");
    }
    return JSON.stringify({ operationName, query, variables });
  });
}

function documentOf(file: string): DocumentNode {
  return parse(readFileSync(new URL(`../../../web/dashboard/pages/${file}`, import.meta.url), "utf8"));
}
