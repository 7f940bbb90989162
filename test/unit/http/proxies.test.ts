import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { Proxies } from "../../../src/http/proxies.ts";

function requestFrom(
  remoteAddress: string | undefined,
  headers: Record<string, string> = {},
): IncomingMessage {
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

const proxies = new Proxies({
  trusted: ["10.0.0.0/8", "fd00::/8"],
  userHeader: "x-forwarded-user",
  userScopes: ["read", "operate"],
});

describe("the address of a request", () => {
  test.each([
    ["192.0.2.1", "198.51.100.9", "192.0.2.1"],
    ["10.1.1.1", "198.51.100.9", "198.51.100.9"],
    ["::ffff:10.1.1.1", "198.51.100.9", "198.51.100.9"],
    ["fd00::1", "2001:db8::7", "2001:db8::7"],
    // What the client itself has put in front is passed over.
    ["10.1.1.1", "1.2.3.4, 198.51.100.9", "198.51.100.9"],
    ["10.1.1.1", "198.51.100.9, 10.2.2.2", "198.51.100.9"],
    ["10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"],
    ["10.1.1.1", "not an address", "not an address"],
    ["10.1.1.1", "", "10.1.1.1"],
    ["::ffff:192.0.2.1", "", "192.0.2.1"],
  ])("from %s, forwarded for %j, is %s", (socket, forwarded, address) => {
    const headers = forwarded === "" ? {} : { "x-forwarded-for": forwarded };
    expect(proxies.addressOf(requestFrom(socket, headers))).toBe(address);
  });

  test("of a socket that is gone is empty, and one without trusted proxies is the socket's", () => {
    expect(proxies.addressOf(requestFrom(undefined))).toBe("");
    const none = new Proxies({ trusted: [], userHeader: null, userScopes: [] });
    expect(none.addressOf(requestFrom("10.1.1.1", { "x-forwarded-for": "198.51.100.9" }))).toBe("10.1.1.1");
    expect(none.userOf(requestFrom("10.1.1.1", { "x-forwarded-user": "ann" }))).toBeNull();
  });
});

describe("the person whom a proxy names", () => {
  test("is believed from a trusted address alone", () => {
    const ann = { kind: "proxy", id: null, name: "ann", scopes: ["read", "operate"] };
    const headers = { "x-forwarded-user": "ann" };
    expect(proxies.userOf(requestFrom("10.1.1.1", headers))).toEqual(ann);
    for (const stranger of ["192.0.2.1", "127.0.0.1", "::1", undefined]) {
      expect(proxies.userOf(requestFrom(stranger, headers))).toBeNull();
    }
    // The socket counts, not what is said of the way here.
    expect(
      proxies.userOf(requestFrom("192.0.2.1", { ...headers, "x-forwarded-for": "10.1.1.1" })),
    ).toBeNull();
  });

  test.each([
    ["", null],
    [" ", null],
    ["ann, root", null],
    ["ann\tsmith", null],
    ["x".repeat(101), null],
    [" ann.smith@example.net ", "ann.smith@example.net"],
    [Buffer.from("Zoë").toString("latin1"), "Zoë"],
  ])("by %j is %j", (value, name) => {
    expect(proxies.userOf(requestFrom("10.1.1.1", { "x-forwarded-user": value }))?.name ?? null).toBe(name);
  });
});
