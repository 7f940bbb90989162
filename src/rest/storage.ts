import { parse } from "graphql";
import { z } from "zod";
import { time } from "./answers.ts";
import { noBody, none } from "./params.ts";
import { route } from "./route.ts";

const bytes = (what: string) => z.number().nullable().describe(what);

const resolution = z
  .strictObject({
    name: z.string(),
    bytes: z.number().describe("On disk now, with indexes."),
    oldest: time.nullable(),
    newest: time.nullable(),
    retention: z.string().nullable(),
    bytesPerDay: bytes("Growth at the present rate; null when it cannot be told yet."),
    bytesWhenFull: bytes("When its retention is full, at the present rate; null when it cannot be told yet."),
    bytesPerSample: bytes("For one value of one counter; null when it cannot be told."),
    summary: z.string().describe("The forecast as a sentence."),
  })
  .meta({ id: "StorageResolution" });

export const getStorage = route({
  method: "get",
  url: "/storage",
  operationId: "getStorage",
  tag: "system",
  summary: "What each resolution takes on disk and will take",
  scope: "read",
  path: none,
  query: none,
  body: noBody,
  answer: z.strictObject({
    at: time.describe("When it was measured."),
    bytes: z.number(),
    bytesPerDay: bytes("What is added in a day; null when it cannot be told yet."),
    bytesWhenFull: bytes("Null when it cannot be told yet of one of the resolutions."),
    freeBytes: bytes("On the disk of the embedded database; null with a database of one's own."),
    exceedsDisk: z.boolean().nullable().describe("More is to come than is free; null when unknown."),
    hosts: z.int().describe("Heard of within the last hour: the forecast is for these."),
    unreadable: z
      .strictObject({
        hours: z.int().describe("Hours of namespaces that are not wholly in the rollups because of it."),
        since: time.nullable().describe("Null when nothing is unreadable."),
        example: z.string().nullable().describe("What is wrong with the first, and what a person can do."),
      })
      .describe("What is stored and cannot be read."),
    resolutions: z.array(resolution),
  }),
  document: parse(`{
    system {
      storage {
        at bytes bytesPerDay bytesWhenFull freeBytes exceedsDisk hosts
        unreadable { hours since example }
        resolutions { name bytes oldest newest retention bytesPerDay bytesWhenFull bytesPerSample summary }
      }
    }
  }`),
  variables: () => ({}),
  shape: ({ system }) => system.storage,
  rows: ({ resolutions }) => resolutions,
});
