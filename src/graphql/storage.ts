import type { StorageOfResolution, StorageReport } from "../store/storage/report.ts";
import type { UnreadableStorage } from "../store/storage/tables.ts";
import { builder } from "./builder.ts";

const StorageResolution = builder.objectRef<StorageOfResolution>("StorageResolution").implement({
  description: "What one resolution of the data takes on disk, and will take.",
  fields: (t) => ({
    name: t.exposeString("name", {
      description:
        "raw, compacted, minutes, hours, gauges, listeners; facts and queue do not grow by the day.",
    }),
    bytes: t.exposeFloat("bytes", { description: "On disk now, with indexes." }),
    oldest: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "From when on there are rows, to the partition (an hour, a day or a week); null without any.",
      resolve: ({ oldest }) => oldest,
    }),
    newest: t.field({
      type: "DateTime",
      nullable: true,
      description: "Until when, likewise; now for what is written now. Null without any rows.",
      resolve: ({ newest }) => newest,
    }),
    retention: t.field({
      type: "Duration",
      nullable: true,
      description: "How long rows stay in it; null for facts and queue. Of gauges that of their hours.",
      resolve: ({ retentionMs }) => retentionMs,
    }),
    bytesPerDay: t.exposeFloat("bytesPerDay", {
      nullable: true,
      description:
        "Growth at the present rate, measured on its newest whole partitions; null in the first hours, when it cannot be told yet, and for facts and queue.",
    }),
    bytesWhenFull: t.exposeFloat("bytesWhenFull", {
      nullable: true,
      description:
        "What it takes when its retention is full, at the present rate; null when that cannot be told yet.",
    }),
    bytesPerSample: t.exposeFloat("bytesPerSample", {
      nullable: true,
      description: "For one value of one counter; of raw and compacted, null while it cannot be told.",
    }),
    summary: t.exposeString("summary", { description: "The forecast as a sentence." }),
  }),
});

const UnreadableStored = builder.objectRef<UnreadableStorage>("UnreadableStorage").implement({
  description:
    "What is stored and cannot be read, as far as the rollups have met it: damaged rows, or rows that are missing. It is left out of them, looked at again each ten minutes, and rolled up when it has been restored.",
  fields: (t) => ({
    hours: t.exposeInt("hours", {
      description:
        "Hours of namespaces that are not, or not wholly, in the rollups because of it; an hour of a block of namespaces counts as one.",
    }),
    since: t.field({
      type: "DateTime",
      nullable: true,
      description: "Since when something is unreadable; null when nothing is.",
      resolve: ({ since }) => since,
    }),
    example: t.exposeString("example", {
      nullable: true,
      description:
        "What is wrong with the one that was met first, and what a person can do; null when nothing is unreadable.",
    }),
  }),
});

export const SystemStorage = builder.objectRef<StorageReport>("SystemStorage").implement({
  description: "What the data takes on disk, and will take when every retention is full.",
  fields: (t) => ({
    at: t.field({
      type: "DateTime",
      description: "When it was measured: at most ten seconds ago.",
      resolve: ({ at }) => at,
    }),
    bytes: t.exposeFloat("bytes"),
    bytesPerDay: t.exposeFloat("bytesPerDay", {
      nullable: true,
      description: "What is added in a day, whatever is dropped; null when it cannot be told yet.",
    }),
    bytesWhenFull: t.exposeFloat("bytesWhenFull", {
      nullable: true,
      description: "Null when it cannot be told yet of one of the resolutions.",
    }),
    freeBytes: t.exposeFloat("freeBytes", {
      nullable: true,
      description: "On the disk of the embedded database; null with a database of one's own.",
    }),
    exceedsDisk: t.exposeBoolean("exceedsDisk", {
      nullable: true,
      description:
        "True when more is to come than is free: shorten a retention or add disk. Null when unknown.",
    }),
    hosts: t.exposeInt("hosts", { description: "Heard of within the last hour: the forecast is for these." }),
    unreadable: t.field({
      type: UnreadableStored,
      description: "What is stored and cannot be read.",
      resolve: ({ unreadable }) => unreadable,
    }),
    resolutions: t.field({ type: [StorageResolution], resolve: ({ resolutions }) => [...resolutions] }),
  }),
});
