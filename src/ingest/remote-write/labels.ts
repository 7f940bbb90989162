import { eachField, type RequestReader } from "../samples/wire.ts";

/** Labels of a series at most. */
const LABELS_MAX = 100;
const NAME = "__name__";
/** How the label of a metric's name begins: the name as a text of eight bytes, then the tag of the value. */
const NAME_HEAD = Buffer.from([0x0a, NAME.length, ...Buffer.from(NAME), 0x12]);
const LABEL_TAG = 0x0a;

/** A label, and by which numbers the same one is known again: its bytes in the message, or its texts in a table. */
export interface SentLabel {
  readonly name: string;
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

export interface SeriesLabels {
  readonly metric: string;
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * The labels of the series of a request, one after another. Those of a host are alike but for the metric's name: they are
 * then read once, and the series share one map, by which whoever asks whose they are need not look again.
 */
export class LabelSets {
  #before: readonly SentLabel[] = [];
  #shared: ReadonlyMap<string, string> = new Map();

  /** The label at this place of the series before; undefined where it had none. */
  before(place: number): SentLabel | undefined {
    return this.#before[place];
  }

  of(own: readonly SentLabel[]): SeriesLabels {
    if (!isAlike(own, this.#before)) {
      this.#shared = new Map(own.flatMap(({ name, value }) => (name === NAME ? [] : [[name, value]])));
    }
    this.#before = own;
    return { metric: own.findLast(({ name }) => name === NAME)?.value ?? "", labels: this.#shared };
  }

  /**
   * The labels of a series of 1.0 that begins here, where they are those of the series before but for the metric's name.
   *
   * @returns null, and has read nothing, where they are not
   */
  again(reader: RequestReader, end: number): SeriesLabels | null {
    const bytes = reader.body;
    let metric: string | null = null;
    let place = 0;
    let pos = reader.pos;
    for (; pos < end && bytes[pos] === LABEL_TAG; place++) {
      const before = this.#before[place];
      const length = bytes[pos + 1] as number;
      const from = pos + 2;
      pos = from + length;
      if (before === undefined || length > 0x7f || pos > end) return null;
      if (before.name !== NAME) {
        if (!isRepeated(bytes, before, from, pos)) return null;
      } else if (metric !== null) return null;
      else metric = metricOf(bytes, from, pos);
    }
    if (metric === null || place !== this.#before.length) return null;
    reader.pos = pos;
    return { metric, labels: this.#shared };
  }
}

/** @throws RangeError for more labels than are taken */
export function addLabel(labels: SentLabel[], label: SentLabel): void {
  if (labels.length === LABELS_MAX) throw new RangeError(`a series has more than ${LABELS_MAX} labels`);
  labels.push(label);
}

/** A `Label` of remote write 1.0. */
export function readLabel(reader: RequestReader): SentLabel {
  const end = reader.end();
  const from = reader.pos;
  let [name, value] = ["", ""];
  eachField(
    reader,
    (field) => {
      if (field === 1) name = reader.string();
      else if (field === 2) value = reader.string();
      else return false;
      return true;
    },
    end,
  );
  return { name, value, from, to: end };
}

function isAlike(own: readonly SentLabel[], before: readonly SentLabel[]): boolean {
  if (own.length !== before.length) return false;
  return own.every((label, place) => {
    const other = before[place];
    return label === other || (label.name === NAME && other?.name === NAME);
  });
}

function isRepeated(bytes: Uint8Array, before: SentLabel, from: number, to: number): boolean {
  if (to - from !== before.to - before.from) return false;
  for (let place = to - from - 1; place >= 0; place--) {
    if (bytes[from + place] !== bytes[before.from + place]) return false;
  }
  return true;
}

/** Names remembered at most: senders have some hundreds, unless one invents them. */
const REMEMBERED = 20_000;
const names = new Map<number, { readonly bytes: Buffer; readonly name: string }>();

/** The metric that a label says, as one text for ever: the same bytes are decoded once. Null for another form of label. */
function metricOf(bytes: Buffer, from: number, to: number): string | null {
  for (let place = 0; place < NAME_HEAD.length; place++) {
    if (bytes[from + place] !== NAME_HEAD[place]) return null;
  }
  const begin = from + NAME_HEAD.length + 1;
  if (bytes[begin - 1] !== to - begin) return null;
  let hash = 0;
  for (let place = begin; place < to; place++) hash = (Math.imul(hash, 31) + (bytes[place] as number)) | 0;
  const known = names.get(hash);
  if (known !== undefined && isEqual(known.bytes, bytes, begin)) {
    if (known.bytes.length === to - begin) return known.name;
  }
  if (names.size >= REMEMBERED) names.clear();
  const own = Buffer.from(bytes.subarray(begin, to));
  const name = own.toString("utf8");
  names.set(hash, { bytes: own, name });
  return name;
}

function isEqual(known: Buffer, bytes: Buffer, begin: number): boolean {
  for (let place = 0; place < known.length; place++) {
    if (known[place] !== bytes[begin + place]) return false;
  }
  return true;
}
