import { hostname } from "node:os";
import { LIMITS } from "../src/protocol/limits.ts";

/** What a host is called before anybody has named it; the last by the kernel itself. */
const NO_NAME = /^(localhost(\.localdomain)?|\(none\))?$/i;

/**
 * The name of this host, asked of the kernel anew each time: the agent may run before the network is up, and
 * DHCP names the host only then. A name that was known is not given up for none.
 *
 * @param first the name at the start.
 * @param onChange is told the new name.
 */
export function createHostName(
  first: string,
  onChange: (name: string) => void,
  read: () => string = hostname,
): () => string {
  let known = first;
  return () => {
    const name = read();
    if (name === known || NO_NAME.test(name.trim()) || name.length > LIMITS.hostNameLength) return known;
    known = name;
    onChange(name);
    return known;
  };
}
