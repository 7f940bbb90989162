import { expect, test } from "vitest";
import { isAllowedEntry, isNamed, isPublic } from "../../../src/notify/address-guard.ts";

test.each([
  ["93.184.216.34", true],
  ["2606:2800:220:1:248:1893:25c8:1946", true],
  ["0.0.0.0", false],
  ["0.1.2.3", false],
  ["127.0.0.1", false],
  ["127.255.255.254", false],
  ["10.0.0.1", false],
  ["172.16.0.1", false],
  ["172.31.255.255", false],
  ["172.32.0.1", true],
  ["192.168.1.1", false],
  ["169.254.169.254", false],
  ["100.64.0.1", false],
  ["100.128.0.1", true],
  ["192.0.2.1", false],
  ["198.18.0.1", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["::7f00:1", false],
  ["::ffff:127.0.0.1", false],
  ["::ffff:7f00:1", false],
  ["::ffff:10.0.0.1", false],
  ["::ffff:93.184.216.34", true],
  ["64:ff9b::7f00:1", false],
  ["2002:7f00:1::", false],
  ["2001:0:7f00:1::", false],
  ["fe80::1", false],
  ["fec0::1", false],
  ["fc00::1", false],
  ["fd12:3456::1", false],
  ["ff02::1", false],
  ["localhost", false],
  ["", false],
])("%s is public: %s", (address, expected) => expect(isPublic(address)).toBe(expected));

test.each([
  ["am", "10.0.0.9", ["10.0.0.0/8"], true],
  ["am", "11.0.0.9", ["10.0.0.0/8"], false],
  ["am", "::ffff:10.0.0.9", ["10.0.0.0/8"], true],
  ["am", "10.0.0.9", ["10.0.0.9"], true],
  ["am", "10.0.0.8", ["10.0.0.9"], false],
  ["am", "fd00::1", ["fd00::/8"], true],
  ["am", "::1", ["127.0.0.0/8"], false],
  ["AM.internal", "10.0.0.9", ["am.internal"], true],
  ["other.internal", "10.0.0.9", ["am.internal"], false],
  ["am", "10.0.0.9", [], false],
])("%s at %s is named by %s: %s", (host, address, named, expected) => {
  expect(isNamed(host, address, { private: named, http: false })).toBe(expected);
});

test.each([
  ["10.0.0.0/8", true],
  ["10.0.0.1", true],
  ["fd00::/8", true],
  ["::1", true],
  ["alertmanager.internal", true],
  ["localhost", true],
  ["10.0.0.0/33", false],
  ["https://example.com", false],
  ["*.internal", false],
  ["", false],
])("%j may stand in allow_private: %s", (entry, expected) => expect(isAllowedEntry(entry)).toBe(expected));
