/** Which addresses may be connected to: pure. */
import ipaddr from "ipaddr.js";

/** What a configuration names besides the public Internet. */
export interface Allowed {
  /** Addresses, ranges (10.0.0.0/8) and names, all trusted with what is not public. */
  readonly private: readonly string[];
  /** Whether what is public may be spoken to without TLS; what is named above always may. */
  readonly http: boolean;
}

/** Deprecated forms that ipaddr.js takes for addresses like others: IPv4-compatible, site-local. */
const NOT_PUBLIC = [ipaddr.parseCIDR("::/96"), ipaddr.parseCIDR("fec0::/10")];

/**
 * Whether an address is of the public Internet. Loopback, private, link-local, shared (100.64.0.0/10), unique local and
 * reserved ranges are not, nor is what carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) unless that is
 * plain in it: a mapped one is judged by what it maps.
 */
export function isPublic(address: string): boolean {
  const parsed = parse(address);
  if (parsed === null || parsed.range() !== "unicast") return false;
  return !NOT_PUBLIC.some((range) => parsed.kind() === range[0].kind() && parsed.match(range));
}

/** Whether a configuration names a host, by its name or by an address that it has. */
export function isNamed(host: string, address: string, { private: named }: Allowed): boolean {
  const parsed = parse(address);
  return named.some((entry) => {
    if (entry.toLowerCase() === host.toLowerCase()) return true;
    const range = rangeOf(entry);
    return range !== null && parsed !== null && parsed.kind() === range[0].kind() && parsed.match(range);
  });
}

/** Whether a text is what `Allowed` takes: an address, a range or the name of a host. */
export function isAllowedEntry(entry: string): boolean {
  return (
    rangeOf(entry) !== null ||
    /^[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/i.test(entry)
  );
}

type Range = ReturnType<typeof ipaddr.parseCIDR>;

function rangeOf(entry: string): Range | null {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  if (!ipaddr.IPv4.isValidFourPartDecimal(entry) && !ipaddr.IPv6.isValid(entry)) return null;
  const address = ipaddr.process(entry);
  return [address, address.kind() === "ipv4" ? 32 : 128] as Range;
}

/** Null for what is no address. IPv4 inside IPv6 becomes IPv4. */
function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  return ipaddr.isValid(address) ? ipaddr.process(address) : null;
}
