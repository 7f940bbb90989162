import { readFileSync } from "node:fs";

/** What this process may do beyond its user. */
export interface Privileges {
  /** Enter another network namespace. */
  readonly enter: boolean;
  /** See which files other users' processes have open. */
  readonly owners: boolean;
}

const DAC_OVERRIDE = 1n;
const DAC_READ_SEARCH = 2n;
const SYS_PTRACE = 19n;
const SYS_ADMIN = 21n;

/** By the effective capabilities, not by the user: root in a container usually lacks them. */
export function readPrivileges(
  read: () => string = () => readFileSync("/proc/self/status", "utf8"),
): Privileges {
  let mask = 0n;
  try {
    const hex = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(read())?.[1];
    mask = hex === undefined ? 0n : BigInt(`0x${hex}`);
  } catch {
    // Nothing is known to be allowed.
  }
  const has = (bit: bigint) => (mask & (1n << bit)) !== 0n;
  return {
    // The second opens the namespace of another user's process, the first enters it.
    enter: has(SYS_ADMIN) && has(SYS_PTRACE),
    owners: has(SYS_PTRACE) && (has(DAC_OVERRIDE) || has(DAC_READ_SEARCH)),
  };
}
