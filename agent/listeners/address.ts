/** An address as inet_ntop writes it, from the 4 bytes of IPv4 or the 16 of IPv6 in the order of the wire. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at));
  return v6Text(groups, bytes.subarray(12).join("."));
}

/** RFC 5952: the first of the longest runs of zero groups, of two or more, is left out. */
function v6Text(groups: readonly number[], lastFour: string): string {
  let begin = 0;
  let length = 0;
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (to < 8 && groups[to] === 0) to += 1;
    if (to - from > length) [begin, length] = [from, to - from];
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16));
  // ::a.b.c.d and ::ffff:a.b.c.d end in an IPv4 address; :: and ::1 do not.
  if (begin === 0 && length === 6) return `::${lastFour}`;
  if (begin === 0 && length === 5 && groups[5] === 0xffff) return `::ffff:${lastFour}`;
  if (length < 2) return hex(groups).join(":");
  return `${hex(groups.slice(0, begin)).join(":")}::${hex(groups.slice(begin + length)).join(":")}`;
}
