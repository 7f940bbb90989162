import { expect, test } from "vitest";
import { readPrivileges } from "../../../../agent/listeners/privileges.ts";

test.each([
  ["root", "000001ffffffffff", { enter: true, owners: true }],
  ["a plain user", "0000000000000000", { enter: false, owners: false }],
  ["root in a container of Docker", "00000000a80425fb", { enter: false, owners: false }],
  ["CAP_SYS_ADMIN alone", "0000000000200000", { enter: false, owners: false }],
  ["CAP_SYS_ADMIN and CAP_SYS_PTRACE", "0000000000280000", { enter: true, owners: false }],
  ["CAP_SYS_PTRACE alone", "0000000000080000", { enter: false, owners: false }],
  ["CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH", "0000000000080004", { enter: false, owners: true }],
])("%s", (_who, mask, expected) => {
  expect(readPrivileges(() => `Name:\tnode\nCapPrm:\t0000000000000000\nCapEff:\t${mask}\n`)).toEqual(
    expected,
  );
});

test("what cannot be read allows nothing", () => {
  const unreadable = () => {
    throw new Error("no /proc");
  };
  expect(readPrivileges(unreadable)).toEqual({ enter: false, owners: false });
});
