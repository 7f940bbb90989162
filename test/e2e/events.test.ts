/** Events as those who deploy post them and those who look read them. */
import { expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService({ role: "serve" });

// biome-ignore lint/suspicious/noExplicitAny: the shape is that of the route
async function send(token: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const response = await fetch(`${service.url}/v1${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

test("whoever deploys posts with `operate`, whoever looks needs `read`", async () => {
  const [ci, reader] = [await service.token("operate"), await service.token("read")];
  const deploy = {
    kind: "deploy",
    title: "shop 1.42",
    at: new Date(Date.now() - 60_000).toISOString(),
    matchers: [
      { name: "role", value: "web" },
      { name: "region", op: "RE", value: "eu-.*" },
    ],
    url: "https://ci.example/builds/7",
  };
  const posted = await send(ci, "/events", deploy);
  expect(posted).toEqual({
    status: 201,
    body: {
      ...deploy,
      id: expect.stringMatching(/^event_\d+$/),
      kind: "DEPLOY",
      until: null,
      matchers: [{ name: "role", op: "EQ", value: "web" }, deploy.matchers[1]],
      createdBy: "operate",
    },
  });
  expect(await send(reader, "/events", deploy)).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  expect(await send(ci, "/events")).toMatchObject({ status: 403 });
  expect(await send(ci, "/events", { kind: "DEPLOY" })).toMatchObject({ status: 400 });
  expect(await send(ci, "/events", { ...deploy, at: "yesterday" })).toMatchObject({ status: 400 });
  expect(await send(ci, "/events", { ...deploy, matchers: ["web"] })).toMatchObject({ status: 400 });
  expect(await send(reader, "/events?last=5m")).toEqual({ status: 200, body: { events: [posted.body] } });
  const { data } = await service.graphql(
    `{ node(id: "${posted.body.id}") { id ... on Event { title host { name } } } }`,
  );
  expect(data.node).toEqual({ id: posted.body.id, title: "shop 1.42", host: null });
});

test("a fleet and a host have the events that concern them, reboots among them", async () => {
  const host = new TestHost({ name: "web-1", labels: { role: "web", region: "eu-1" } });
  const at = Date.now() - 30_000;
  await service.pushed(push(host.section([host.snapshot(at, [1, 0, 0])])));
  host.reboot(at + 5_000);
  await service.pushed(push(host.section([host.snapshot(at + 10_000, [0, 0, 0])])));
  const { data: recorded } = await service.graphql(
    `mutation { recordEvent(input: {kind: "NOTE", title: "looked at", matchers: [{name: "host", value: "web-1"}]}) {
      title createdBy matchers { name op value } } }`,
  );
  expect(recorded.recordEvent).toEqual({
    title: "looked at",
    createdBy: "read+operate+admin",
    matchers: [{ name: "host", op: "EQ", value: "web-1" }],
  });
  const own = 'events(range: {last: "5m"}) { kind title host { name } }';
  const asked = `{ host(name: "web-1") { ${own} }
    web: fleet(filter: {labels: [{name: "role", value: "web"}]}) { ${own} }
    db: fleet(filter: {labels: [{name: "role", value: "db"}]}) { ${own} } }`;
  const answer = await waitFor("the host to be shown", async () => {
    const { data } = await service.graphql(asked);
    return data.host === null ? null : data;
  });
  const expected = [
    { kind: "NOTE", title: "looked at", host: null },
    { kind: "REBOOT", title: "web-1 was booted", host: { name: "web-1" } },
    { kind: "DEPLOY", title: "shop 1.42", host: null },
  ];
  expect(answer).toEqual({ host: { events: expected }, web: { events: expected }, db: { events: [] } });
});
