import { eachField, type RequestReader } from "../samples/wire.ts";
import { isSame, type KnownName, knownNameAt } from "./names.ts";

/** Labels of a series at most. */
const LABELS_MAX = 100;
const NAME = "__name__";
const LABEL_TAG = 0x0a;

/** A label, and by which numbers the same one is known again: where its field lies in the message, or its texts in a table. */
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

/** Where in a message the labels of a series lie before the one that names its metric, and behind it. */
interface Around {
  readonly head: number;
  readonly headLength: number;
  readonly tail: number;
  readonly tailLength: number;
}

/**
 * The labels of the series of a request, one after another. Those of a host are alike but for the metric's name: they are
 * then read once, and the series share one map, by which whoever asks whose they are need not look again.
 */
export class LabelSets {
  #before: readonly SentLabel[] = [];
  #shared: ReadonlyMap<string, string> = new Map();
  /** Of the series before; null where its labels do not lie together. */
  #around: Around | null = null;
  #last: KnownName | null = null;

  /** The label at this place of the series before; undefined where it had none. */
  before(place: number): SentLabel | undefined {
    return this.#before[place];
  }

  of(own: readonly SentLabel[]): SeriesLabels {
    if (!isAlike(own, this.#before)) {
      this.#shared = new Map(own.flatMap(({ name, value }) => (name === NAME ? [] : [[name, value]])));
    }
    this.#before = own;
    this.#around = null;
    return { metric: own.findLast(({ name }) => name === NAME)?.value ?? "", labels: this.#shared };
  }

  /** As `of`, for a series of 1.0 that began at this place: where its labels lie is noted for `again`. */
  ofMessage(own: readonly SentLabel[], start: number): SeriesLabels {
    const labels = this.of(own);
    this.#around = aroundOf(own, start);
    return labels;
  }

  /**
   * The labels of a series of 1.0 that begins here, where they are those of the series before but for the metric's name.
   *
   * @returns null, and has read nothing, where they are not
   */
  again(reader: RequestReader, end: number): SeriesLabels | null {
    const bytes = reader.body;
    const around = this.#around;
    if (around === null) return null;
    const { head, headLength, tail, tailLength } = around;
    const nameAt = reader.pos + headLength;
    if (!isSame(bytes, reader.pos, bytes, head, headLength)) return null;
    const known = knownNameAt(bytes, nameAt, end, this.#last);
    if (known === null) return null;
    this.#last = known;
    const tailAt = nameAt + known.label.length;
    const pos = tailAt + tailLength;
    if (pos > end || !isSame(bytes, tailAt, bytes, tail, tailLength)) return null;
    if (pos < end && bytes[pos] === LABEL_TAG) return null;
    reader.pos = pos;
    return { metric: known.name, labels: this.#shared };
  }
}

/** @throws RangeError for more labels than are taken */
export function addLabel(labels: SentLabel[], label: SentLabel): void {
  if (labels.length === LABELS_MAX) throw new RangeError(`a series has more than ${LABELS_MAX} labels`);
  labels.push(label);
}

/** A `Label` of remote write 1.0, whose tag was read. */
export function readLabel(reader: RequestReader): SentLabel {
  const from = reader.pos - 1;
  const end = reader.end();
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

/** Null for labels that do not lie together at the beginning, with one name among them. */
function aroundOf(own: readonly SentLabel[], start: number): Around | null {
  const named = own.findIndex(({ name }) => name === NAME);
  const name = own[named];
  if (name === undefined) return null;
  let pos = start;
  for (const [place, { from, to, name: other }] of own.entries()) {
    if (from !== pos || (place !== named && other === NAME)) return null;
    pos = to;
  }
  return { head: start, headLength: name.from - start, tail: name.to, tailLength: pos - name.to };
}
