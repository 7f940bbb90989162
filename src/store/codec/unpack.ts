/**
 * Many byte strings in one: `encode(string_agg(int4send(length(data)) || data, ''::bytea), 'base64')`. A row
 * costs the driver far more than its bytes do, and text less than bytea.
 *
 * @returns views of one buffer
 */
export function unpack(base64: string): Uint8Array[] {
  const bytes = Buffer.from(base64, "base64");
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const length = bytes.readInt32BE(offset);
    parts.push(bytes.subarray(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  return parts;
}
