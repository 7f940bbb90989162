import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { SpillwayError } from "../../../src/errors.ts";
import { socketCredential } from "../../../src/http/socket-credential.ts";
import type { Actors } from "../../../src/store/actors.ts";

const actors = {
  ofToken: async (secret: string) => ({ kind: "token", id: secret, name: secret, scopes: [] }),
  ofSession: async (secret: string) => ({ kind: "session", id: null, name: secret, scopes: [] }),
} as unknown as Actors;

/** Who is taken for whom, or the code of the refusal. */
async function taken(
  headers: Record<string, string>,
  params: Record<string, unknown> = {},
  publicUrl: string | null = null,
): Promise<string | undefined> {
  try {
    const credential = socketCredential(actors, publicUrl)({ headers } as unknown as IncomingMessage, params);
    const actor = await credential.actor();
    expect(credential.key).toMatch(/^(token|session) [\w-]{43}$/);
    return `${actor?.kind} ${actor?.name}`;
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
}

test("a token is taken before a cookie, from the parameters before the header", async () => {
  const cookie = "a=1; spillway_session=s; b=2";
  expect(await taken({ cookie, authorization: "Bearer h" }, { authorization: "Bearer p" })).toBe("token p");
  expect(await taken({ cookie, authorization: "Bearer h" })).toBe("token h");
  expect(await taken({ authorization: "Basic h" })).toBe("UNAUTHENTICATED");
  expect(await taken({ authorization: "Bearer h" }, { authorization: 7 })).toBe("UNAUTHENTICATED");
  expect(await taken({}, { authorization: null })).toBe("UNAUTHENTICATED");
  expect(await taken({})).toBe("UNAUTHENTICATED");
});

test("a cookie is taken from the host that was asked, or from the public address", async () => {
  const cookie = "spillway_session=s";
  const host = "10.0.0.7:4000";
  const from = (origin: string, publicUrl: string | null = null) =>
    taken({ cookie, host, origin }, {}, publicUrl);
  expect(await from("http://10.0.0.7:4000")).toBe("session s");
  expect(await from("https://spillway.example", "https://spillway.example/")).toBe("session s");
  expect(await from("https://spillway.example", "https://spillway.example/behind/a/path")).toBe("session s");
  for (const origin of ["http://10.0.0.7:4001", "http://10.0.0.7", "https://spillway.example", "null", ""]) {
    expect(await from(origin), origin).toBe("FORBIDDEN");
  }
  expect(await from("http://spillway.example", "https://spillway.example")).toBe("FORBIDDEN");
  expect(await from("https://spillway.example.evil.example", "https://spillway.example")).toBe("FORBIDDEN");
  expect(await taken({ cookie, host })).toBe("FORBIDDEN");
});
