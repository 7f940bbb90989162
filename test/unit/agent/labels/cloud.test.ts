import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { labelsOfCloud } from "../../../../agent/labels/cloud.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A metadata service on this machine. */
async function metadata(handle: Handler): Promise<URL> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** Answers what is asked with the right header, and refuses the rest. */
function answers(header: readonly [string, string], texts: Readonly<Record<string, string>>): Handler {
  return ({ url = "", headers }, response) => {
    const text = headers[header[0]] === header[1] ? texts[url] : undefined;
    response.writeHead(text === undefined ? 401 : 200).end(text);
  };
}

test("aws: a token of IMDSv2 first, then region, zone and type", async () => {
  const read = answers(["x-aws-ec2-metadata-token", "t0ken"], {
    "/latest/meta-data/placement/region": "eu-west-1",
    "/latest/meta-data/placement/availability-zone": "eu-west-1a",
    "/latest/meta-data/instance-type": "m7g.large\n",
  });
  const base = await metadata((request, response) => {
    const ttl = request.headers["x-aws-ec2-metadata-token-ttl-seconds"];
    if (request.method === "PUT" && request.url === "/latest/api/token" && ttl === "60")
      response.end("t0ken");
    else read(request, response);
  });
  const labels = { region: "eu-west-1", zone: "eu-west-1a", instance_type: "m7g.large" };
  expect(await labelsOfCloud("aws", { base, deadlineMs: 5_000 })).toEqual({ labels, warnings: [] });
});

test("gcp: the last part of each path, and the region of the zone", async () => {
  const base = await metadata(
    answers(["metadata-flavor", "Google"], {
      "/computeMetadata/v1/instance/zone": "projects/123/zones/europe-west1-b",
      "/computeMetadata/v1/instance/machine-type": "projects/123/machineTypes/e2-small",
    }),
  );
  const labels = { region: "europe-west1", zone: "europe-west1-b", instance_type: "e2-small" };
  expect(await labelsOfCloud("gcp", { base, deadlineMs: 5_000 })).toEqual({ labels, warnings: [] });
});

test("azure: a region without zones has no label zone", async () => {
  const path = "/metadata/instance/compute?api-version=2021-02-01&format=json";
  const compute = JSON.stringify({ location: "westeurope", zone: "", vmSize: "Standard_D2s_v5" });
  const base = await metadata(answers(["metadata", "true"], { [path]: compute }));
  const labels = { region: "westeurope", instance_type: "Standard_D2s_v5" };
  expect(await labelsOfCloud("azure", { base, deadlineMs: 5_000 })).toEqual({ labels, warnings: [] });
});

test.each<[string, Handler, string]>([
  ["a refusal", (_request, response) => response.writeHead(403).end(), "403 for /latest/api/token"],
  ["no answer", () => undefined, "no answer within 50 ms"],
  ["an answer without an end", (_request, response) => response.write("t"), "no answer within 50 ms"],
  [
    "an answer that is too long",
    (_request, response) => response.end("t".repeat(70_000)),
    "an answer of over 65536 bytes",
  ],
  ["a closed connection", (_request, response) => response.destroy(), "socket hang up"],
])("%s is a warning that says what to do", async (_case, handle, words) => {
  const base = await metadata(handle);
  const { labels, warnings } = await labelsOfCloud("aws", { base, deadlineMs: 50 });
  expect(labels).toEqual({});
  expect(warnings).toEqual([
    `no labels of the metadata service of aws: ${words}; leave --cloud out where this host is not in aws`,
  ]);
});

test("an answer that is not of the cloud is a warning", async () => {
  const base = await metadata((_request, response) => response.end("<html>"));
  const { labels, warnings } = await labelsOfCloud("azure", { base, deadlineMs: 5_000 });
  expect(labels).toEqual({});
  expect(warnings).toHaveLength(1);
});

test("answers that cannot be labels are left out", async () => {
  const base = await metadata((_request, response) => response.end("x".repeat(501)));
  const { labels, warnings } = await labelsOfCloud("gcp", { base, deadlineMs: 5_000 });
  expect(labels).toEqual({});
  expect(warnings).toEqual(["the metadata service of gcp names no region, zone or type"]);
});
