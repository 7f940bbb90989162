import { parse } from "graphql";
import { z } from "zod";
import { found } from "./answers.ts";
import { noBody, none } from "./params.ts";
import { route } from "./route.ts";

const counter = z
  .strictObject({
    name: z.string().describe("As nstat prints it, group first: TcpExtListenOverflows."),
    aliases: z.array(z.string()).describe("Its names in other tools."),
    group: z.string(),
    kind: z.enum(["COUNTER", "GAUGE", "UNKNOWN"]),
    unit: z.string(),
    meaning: z.string().nullable(),
    implies: z.string().nullable(),
    remedy: z.string().nullable(),
    netstatText: z.string().nullable().describe("The line that `netstat -s` prints, and why it misleads."),
    caveats: z.array(z.string()),
    incrementedBy: z.array(
      z.strictObject({
        function: z.string(),
        file: z.string(),
        when: z.string(),
        since: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "Counter" });

const COUNTER_FIELDS =
  "name aliases group kind unit meaning implies remedy netstatText caveats incrementedBy { function file when since }";

export const listCounters = route({
  method: "get",
  url: "/counters",
  operationId: "listCounters",
  tag: "counters",
  summary: "Every counter the service knows: what the kernel counts, when, what that implies, what to do",
  scope: "read",
  path: none,
  query: z.strictObject({
    group: z.string().optional().describe("Tcp, TcpExt, Ip ..."),
    search: z.string().optional().describe("Part of a name or of what is said of it."),
  }),
  body: noBody,
  answer: z.strictObject({ counters: z.array(counter) }),
  revalidate: true,
  document: parse(
    `query ($group: String, $search: String) { counters(group: $group, search: $search) { ${COUNTER_FIELDS} } }`,
  ),
  variables: ({ query }) => query,
  shape: ({ counters }) => ({ counters }),
  rows: ({ counters }) =>
    counters.map(({ name, group, kind, unit, meaning, netstatText }) => ({
      name,
      group,
      kind,
      unit,
      meaning,
      netstatText,
    })),
});

export const getCounter = route({
  method: "get",
  url: "/counters/{name}",
  operationId: "getCounter",
  tag: "counters",
  summary:
    "One counter, by its full name, without its group where that is unique, or by its name in another tool",
  scope: "read",
  path: z.strictObject({ name: z.string() }),
  query: none,
  body: noBody,
  answer: counter,
  revalidate: true,
  document: parse(`query ($name: String!) { counter(name: $name) { ${COUNTER_FIELDS} } }`),
  variables: ({ path }) => path,
  shape: (data, { path }) => found(data.counter, `counter "${path.name}"`),
});
