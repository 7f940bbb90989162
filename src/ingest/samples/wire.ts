/** Messages of protobuf by the reader of its wire format, without generated code. */
import type { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/**
 * Gives each field of a message; one that is not taken is passed over.
 *
 * @param end where the message ends
 * @throws Error, RangeError for what is no message
 */
export function eachField(
  reader: BinaryReader,
  take: (field: number, reader: BinaryReader, type: WireType) => boolean,
  end = reader.len,
): void {
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (!take(field, reader, type)) reader.skip(type, field);
  }
  if (reader.pos > end) throw new RangeError("a message ends within a field");
}

/** The end of the message that begins here. @throws RangeError when it lies outside of what holds it */
export function endOf(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("a message is longer than what holds it");
  return end;
}
