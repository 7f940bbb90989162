import type { OutgoingHttpHeaders } from "node:http";
import { type LabelSource, type Labels, whyNotLabel } from "./check.ts";

export const CLOUDS = ["aws", "gcp", "azure"] as const;
export type Cloud = (typeof CLOUDS)[number];

/** The same link-local address in all three; by number, so that a host without a resolver is not held up. */
const METADATA = new URL("http://169.254.169.254");
/** For all requests together: it delays the start of the agent. */
const DEADLINE_MS = 500;
const ANSWER_MAX_BYTES = 64 * 1024;

/** Sends one request to the metadata service; rejects with the reason when the answer is not a 200. */
type Ask = (path: string, headers: Readonly<Record<string, string>>, method?: "PUT") => Promise<string>;

const READERS: Readonly<Record<Cloud, (ask: Ask) => Promise<Labels>>> = {
  aws: readAws,
  gcp: readGcp,
  azure: readAzure,
};

/**
 * Region, zone and instance type by the metadata service of the cloud. Never rejects: a cloud that does not
 * answer is a warning.
 *
 * @param base address of the metadata service.
 */
export async function labelsOfCloud(
  cloud: Cloud,
  { base = METADATA, deadlineMs = DEADLINE_MS } = {},
): Promise<LabelSource> {
  const signal = AbortSignal.timeout(deadlineMs);
  const ask: Ask = (path, headers, method) => request(new URL(path, base), headers, method ?? "GET", signal);
  try {
    const read = await READERS[cloud](ask);
    const good = Object.entries(read).filter(([name, value]) => value !== "" && !whyNotLabel(name, value));
    const labels = Object.fromEntries(good);
    const warnings =
      good.length > 0 ? [] : [`the metadata service of ${cloud} names no region, zone or type`];
    return { labels, warnings };
  } catch (error) {
    const why = signal.aborted
      ? `no answer within ${deadlineMs} ms`
      : error instanceof Error
        ? error.message
        : String(error);
    const remedy = `leave --cloud out where this host is not in ${cloud}`;
    return { labels: {}, warnings: [`no labels of the metadata service of ${cloud}: ${why}; ${remedy}`] };
  }
}

/** By IMDSv2 alone: the older way without a token is switched off on well-kept instances. */
async function readAws(ask: Ask): Promise<Labels> {
  const token = await ask("/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "60" }, "PUT");
  const read = (name: string) => ask(`/latest/meta-data/${name}`, { "x-aws-ec2-metadata-token": token });
  const [region = "", zone = "", type = ""] = await Promise.all(
    ["placement/region", "placement/availability-zone", "instance-type"].map(read),
  );
  return { region, zone, instance_type: type };
}

/** Answers are paths: `projects/123/zones/europe-west1-b`, `projects/123/machineTypes/e2-small`. */
async function readGcp(ask: Ask): Promise<Labels> {
  const read = async (name: string) => {
    const path = await ask(`/computeMetadata/v1/instance/${name}`, { "metadata-flavor": "Google" });
    return path.slice(path.lastIndexOf("/") + 1);
  };
  const [zone = "", type = ""] = await Promise.all(["zone", "machine-type"].map(read));
  return { region: zone.replace(/-[^-]*$/, ""), zone, instance_type: type };
}

async function readAzure(ask: Ask): Promise<Labels> {
  const path = "/metadata/instance/compute?api-version=2021-02-01&format=json";
  const { location, zone, vmSize }: Record<string, unknown> = JSON.parse(
    await ask(path, { metadata: "true" }),
  );
  return { region: textOf(location), zone: textOf(zone), instance_type: textOf(vmSize) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function request(
  url: URL,
  headers: OutgoingHttpHeaders,
  method: "GET" | "PUT",
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // Loaded by those alone who ask for a cloud.
    const http = process.getBuiltinModule("node:http");
    const sent = http.request(url, { method, headers, signal, agent: false }, (response) => {
      let bytes = 0;
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_MAX_BYTES) sent.destroy(new Error(`an answer of over ${ANSWER_MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8").trim());
        else reject(new Error(`${response.statusCode} for ${url.pathname}`));
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
