/** Tokens as an administrator handles them, by the API and by the command line. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { push, TestHost } from "../support/pushes.ts";
import { cleanEnvironment, type GraphqlAnswer, type Service, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
let database: string;
let databaseUrl: string;
let service: Service;
/** A second process of the same service. */
let other: Service;

beforeAll(async () => {
  database = await createDatabase(inject("postgresUrl"));
  databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
  service = await startService({ databaseUrl, role: "serve" });
  other = await startService({ databaseUrl, role: "serve" });
});

afterAll(async () => {
  await Promise.all([service.stop(), other.stop()]);
  await dropDatabase(inject("postgresUrl"), database);
});

async function ask(at: Service, secret: string, query: string): Promise<Response> {
  return fetch(`${at.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body: JSON.stringify({ query }),
  });
}

async function create(input: object) {
  const { data, errors } = await service.graphql(
    "mutation ($input: TokenInput!) { createToken(input: $input) { secret token { id name prefix scopes } } }",
    { input },
  );
  if (errors !== undefined) throw new Error(errors[0]?.message);
  return data.createToken as { secret: string; token: { id: string; name: string; prefix: string } };
}

function cli(...words: string[]) {
  const env = { ...cleanEnvironment(), DATABASE_URL: databaseUrl };
  return promisify(execFile)(process.execPath, [MAIN, "token", ...words], { env }).then(
    ({ stdout }) => ({ code: 0, text: stdout.trimEnd() }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, text: stderr }),
  );
}

async function pushAs(secret: string, host: TestHost) {
  const response = await service.push(push(host.section([host.snapshot(Date.now(), [0, 0, 0])])), {
    token: secret,
  });
  return (await response.json()) as { results?: { status: string; code?: string }[]; code?: string };
}

describe("over GraphQL", () => {
  test("a token is made, says who it is, and is listed without its secret", async () => {
    const { secret, token } = await create({ name: "oncall", scopes: ["operate", "read"], expiresIn: "90d" });
    expect(token).toMatchObject({ name: "oncall", prefix: secret.slice(0, 8), scopes: ["read", "operate"] });
    const viewer = (await (
      await ask(service, secret, "{ viewer { kind name scopes expiresAt } }")
    ).json()) as GraphqlAnswer;
    const { expiresAt, ...rest } = viewer.data.viewer;
    expect(rest).toEqual({ kind: "TOKEN", name: "oncall", scopes: ["read", "operate"] });
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 90 * 86_400_000)).toBeLessThan(600_000);

    const list = await waitFor("its use to be written down", async () => {
      const { data } = await service.graphql(
        "{ tokens { id name prefix createdBy createdAt lastUsedAt expiresAt revokedAt hostPattern forcedLabels successorId } }",
      );
      const found = data.tokens.find(({ id }: { id: string }) => id === token.id);
      return found.lastUsedAt === null ? null : data.tokens;
    });
    expect(list[0]).toMatchObject({
      id: token.id,
      createdBy: "read+operate+admin (token)",
      expiresAt,
      revokedAt: null,
      hostPattern: null,
      forcedLabels: {},
      successorId: null,
    });
    expect(JSON.stringify(list)).not.toContain(secret.slice(8));
  });

  test("one that is revoked holds no longer than a second, in every process", async () => {
    const { secret, token } = await create({ name: "leaked", scopes: ["read"] });
    for (const at of [service, other])
      expect((await ask(at, secret, "{ viewer { name } }")).status).toBe(200);
    const { data } = await service.graphql(`mutation { revokeToken(id: "${token.id}") }`);
    expect(data).toEqual({ revokeToken: true });
    const revokedAt = performance.now();
    for (const at of [service, other]) {
      // Asked all the time, so that what is believed is as old as it can be.
      let lastLetIn = revokedAt;
      await waitFor("the token to have ended", async () => {
        const asked = performance.now();
        if ((await ask(at, secret, "{ viewer { name } }")).status === 401) return true;
        lastLetIn = asked;
        return false;
      });
      expect(lastLetIn - revokedAt).toBeLessThan(1_000);
    }
    expect((await service.graphql(`mutation { revokeToken(id: "${token.id}") }`)).data.revokeToken).toBe(
      false,
    );
  });

  test("a rotation makes a successor with the same rights, and both hold for the overlap", async () => {
    const { secret, token } = await create({ name: "agents", scopes: ["ingest"], hostPattern: "app-*" });
    const { data } = await service.graphql(
      `mutation { rotateToken(id: "${token.id}", overlap: "2h") { secret token { id name hostPattern } } }`,
    );
    const { rotateToken: made } = data;
    expect(made.token).toMatchObject({ name: "agents", hostPattern: "app-*" });
    const host = new TestHost({ name: "app-1" });
    for (const one of [secret, made.secret]) {
      expect((await pushAs(one, host)).results?.[0]?.status).toMatch(/stored|duplicate/);
    }
    const { tokens } = (await service.graphql("{ tokens { id expiresAt successorId } }")).data;
    const old = tokens.find(({ id }: { id: string }) => id === token.id);
    expect(old.successorId).toBe(made.token.id);
    expect(Math.abs(Date.parse(old.expiresAt) - Date.now() - 7_200_000)).toBeLessThan(600_000);
  });

  test.each([
    [`createToken(input: {name: "x", scopes: ["root"]}) { secret }`, "BAD_REQUEST", /not a scope/],
    [
      `createToken(input: {name: "x", scopes: ["read"], expiresIn: "1d", expiresAt: "2030-01-01T00:00:00Z"}) { secret }`,
      "BAD_REQUEST",
      /not both/,
    ],
    [
      `createToken(input: {name: "x", scopes: ["read"], expiresIn: "9999w"}) { secret }`,
      "BAD_REQUEST",
      /ten years/,
    ],
    [
      `createToken(input: {name: "x", scopes: ["read"], forcedLabels: {a: "b"}}) { secret }`,
      "BAD_REQUEST",
      /need the scope "ingest"/,
    ],
    [`revokeToken(id: "token_1")`, "BAD_REQUEST", /token_ and a UUID/],
    [`revokeToken(id: "token_00000000-0000-4000-8000-000000000000")`, "NOT_FOUND", /no token/],
  ])("%s is refused", async (mutation, code, message) => {
    const { errors } = await service.graphql(`mutation { ${mutation} }`);
    expect(errors?.[0]).toMatchObject({ extensions: { code }, message: expect.stringMatching(message) });
  });

  test("what was changed is in the audit log, newest first, a page at a time", async () => {
    const { token } = await create({ name: "audited", scopes: ["read"] });
    await service.graphql(`mutation { revokeToken(id: "${token.id}") }`);
    const page = async (after: string | null) => {
      const { data } = await service.graphql(
        `query ($after: String) { audit(first: 1, after: $after) { edges { cursor node { at actor actorKind action target details } }
           pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
        { after },
      );
      return data.audit;
    };
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor);
    expect([...first.edges, ...second.edges].map(({ node }) => node)).toMatchObject([
      { actor: "read+operate+admin", actorKind: "TOKEN", action: "token.revoke", target: "audited" },
      { action: "token.create", target: "audited", details: { scopes: ["read"], prefix: token.prefix } },
    ]);
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(second.pageInfo).toMatchObject({ hasPreviousPage: true });
    const { errors } = await service.graphql(`{ audit(after: "WzFd") { edges { cursor } } }`);
    expect(errors?.[0]?.extensions.code).toBe("BAD_REQUEST");
  });
});

describe("labels that a token forces", () => {
  test("are above those of the agent, and go with the token", async () => {
    const { secret } = await create({
      name: "shop",
      scopes: ["ingest"],
      forcedLabels: { team: "shop", role: "forced" },
    });
    const host = new TestHost({ name: "shop-1", labels: { role: "web", zone: "z1" } });
    const labels = async () => {
      const { data } = await service.graphql(`{ host(name: "shop-1") { labels } }`);
      return data.host?.labels;
    };
    expect((await pushAs(secret, host)).results?.[0]?.status).toBe("stored");
    await waitFor("its labels", async () => (await labels())?.team === "shop");
    expect(await labels()).toEqual({ role: "forced", team: "shop", zone: "z1" });
    await service.pushed(push(host.section([host.snapshot(Date.now() + 1, [0, 0, 0])])));
    await waitFor("the agent's own", async () => (await labels())?.role === "web");
    expect(await labels()).toEqual({ role: "web", zone: "z1" });
  });
});

describe("by the command line", () => {
  test("a token is made, listed, rotated and revoked", async () => {
    const { text: secret } = await cli(
      ...["create", "--scope", "ingest", "--name", "edge", "--expires", "30d"],
      ...["--host-pattern", "edge-?", "--force-label", "site=north", "--force-label", "note=a=b"],
    );
    expect(secret).toMatch(/^spw_[\w-]{43}$/);
    expect((await pushAs(secret, new TestHost({ name: "edge-1" }))).results?.[0]?.status).toBe("stored");
    expect((await pushAs(secret, new TestHost({ name: "edge-10" }))).results?.[0]?.code).toBe("HOST_REFUSED");
    const { data } = await service.graphql(`{ tokens { id name createdBy forcedLabels } }`);
    const made = data.tokens.find(({ name }: { name: string }) => name === "edge");
    expect(made).toMatchObject({ createdBy: "command line", forcedLabels: { site: "north", note: "a=b" } });

    const id = made.id.slice("token_".length);
    expect((await cli("list")).text).toMatch(
      new RegExp(`${id} +${secret.slice(0, 8)} +edge +ingest .* until 20`),
    );
    const { text: successor } = await cli("rotate", made.id, "--overlap", "10m");
    expect(await cli("revoke", id)).toEqual({ code: 0, text: "revoked" });
    expect(await cli("revoke", id)).toEqual({ code: 0, text: "it had been revoked before" });
    await waitFor(
      "the first to have ended",
      async () => (await pushAs(secret, new TestHost({ name: "edge-1" }))).code === "UNAUTHENTICATED",
    );
    expect((await pushAs(successor, new TestHost({ name: "edge-2" }))).results?.[0]?.status).toBe("stored");
    expect((await cli("list")).text).toMatch(new RegExp(`${id} .* revoked 20`));
  });

  test.each([
    [[], /token: "" is not a command/],
    [["create"], /--scope is missing/],
    [["create", "--scope", "root"], /"root" is not a scope/],
    [["create", "--scope", "read", "more"], /"more" is one word too many/],
    [["create", "--scope", "read", "--expires", "soon"], /not a span of time/],
    [["create", "--scope", "ingest", "--force-label", "team"], /write name=value/],
    [["create", "--scope", "read", "--host-pattern", "a*"], /need the scope "ingest"/],
    [["create", "--scope", "read", "--colour", "red"], /--colour/],
    [["revoke"], /give one id/],
    [["revoke", "spw_abcd"], /`spillway token list` shows them/],
    [["rotate", "00000000-0000-4000-8000-000000000000"], /there is no token/],
  ])("%j is refused in words", async (words, message) => {
    const { code, text } = await cli(...words);
    expect([code, text]).toEqual([1, expect.stringMatching(message)]);
    expect(text).not.toMatch(/^ +at /m);
  });
});
