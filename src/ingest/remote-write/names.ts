/** A label that names a metric, as its bytes stood in a message, and as one text for ever. */
export interface KnownName {
  /** With its tag and its length. */
  readonly label: Uint8Array;
  readonly name: string;
  /** What came after it the last time: senders keep their order. */
  next: KnownName | null;
}

/** How the label of a metric's name begins, behind its length: the name as a text of eight bytes, then the tag of the value. */
const HEAD = Buffer.from([0x0a, 8, ...Buffer.from("__name__"), 0x12]);
const LABEL_TAG = 0x0a;
/** Names remembered at most: senders have some hundreds, unless one invents them. */
const REMEMBERED = 20_000;

const names = new Map<number, KnownName>();

/**
 * The name that a label of a message says: the same bytes are decoded once.
 *
 * @param last the name before it
 * @returns null where there is no label of a name in its short form
 */
export function knownNameAt(
  bytes: Buffer,
  at: number,
  end: number,
  last: KnownName | null,
): KnownName | null {
  const guess = last?.next ?? null;
  if (guess !== null && isSame(bytes, at, guess.label, 0, guess.label.length)) return guess;
  const from = at + 2 + HEAD.length + 1;
  const length = bytes[from - 1] as number;
  const to = from + length;
  if (bytes[at] !== LABEL_TAG || bytes[at + 1] !== to - at - 2 || to > end || length > 0x7f) return null;
  if (!isSame(bytes, at + 2, HEAD, 0, HEAD.length)) return null;
  let hash = 0;
  for (let place = from; place < to; place++) hash = (Math.imul(hash, 31) + (bytes[place] as number)) | 0;
  let known = names.get(hash);
  if (known?.label.length !== to - at || !isSame(bytes, at, known.label, 0, to - at)) {
    if (names.size >= REMEMBERED) names.clear();
    known = {
      label: Uint8Array.from(bytes.subarray(at, to)),
      name: bytes.toString("utf8", from, to),
      next: null,
    };
    names.set(hash, known);
  }
  if (last !== null) last.next = known;
  return known;
}

/** Whether so many bytes are the same here and there. */
export function isSame(a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number, length: number): boolean {
  // From the end: what differs between names and between labels is there.
  for (let place = length - 1; place >= 0; place--) {
    if (a[aFrom + place] !== b[bFrom + place]) return false;
  }
  return true;
}
