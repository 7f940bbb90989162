import { crc32 } from "node:zlib";

/** Sums of `slots` stretches of `minutes` each, the newest in use; windows of up to `reach` minutes are told by it. */
const RINGS = [
  { minutes: 1, slots: 60, reach: 60 },
  { minutes: 5, slots: 72, reach: 360 },
  { minutes: 60, slots: 72, reach: 4_320 },
] as const;

const SLOTS = RINGS.reduce((sum, { slots }) => sum + slots, 0);
const VERSION = 0x5350_4c22;
/** Version and checksum, then the last minute and the first that were added. */
const HEADER_BYTES = 16;
const CHECKED_FROM = 8;

export interface Handshakes {
  /** Accepted. */
  readonly good: number;
  /** Lost or delayed. */
  readonly bad: number;
}

/**
 * How many handshakes went well and badly in the last three days, of a role or a host: by minute for an hour, by
 * five minutes for six hours, by hour for three days. 1.6 kB. Minutes come in order, those in which nobody came too;
 * one that was added is left out when it comes again.
 */
export class BurnRing {
  readonly #good = new Float32Array(SLOTS);
  readonly #bad = new Float32Array(SLOTS);
  /** The last minute added, minutes since 1970; 0 before the first. */
  #minute = 0;
  /** The first minute added; 0 before it. */
  #first = 0;

  get minute(): number {
    return this.#minute;
  }

  /** How many minutes it was added to, those in which nobody came too; what was before is not known. */
  get known(): number {
    return this.#minute === 0 ? 0 : this.#minute - this.#first + 1;
  }

  /** @param minute minutes since 1970 */
  add(minute: number, { good, bad }: Handshakes): void {
    if (minute <= this.#minute) return;
    for (const { ring, offset } of PLACED) {
      this.#clearSince(ring, offset, minute);
      const slot = offset + (Math.floor(minute / ring.minutes) % ring.slots);
      this.#good[slot] = (this.#good[slot] as number) + good;
      this.#bad[slot] = (this.#bad[slot] as number) + bad;
    }
    if (this.#first === 0) this.#first = minute;
    this.#minute = minute;
  }

  /** Adds to a minute that has passed, where it is still in reach. Whoever calls knows that it was not added before. */
  addLate(minute: number, { good, bad }: Handshakes): void {
    if (minute > this.#minute) {
      this.add(minute, { good, bad });
      return;
    }
    for (const { ring, offset } of PLACED) {
      const place = Math.floor(minute / ring.minutes);
      if (Math.floor(this.#minute / ring.minutes) - place >= ring.slots) continue;
      const slot = offset + (place % ring.slots);
      this.#good[slot] = (this.#good[slot] as number) + good;
      this.#bad[slot] = (this.#bad[slot] as number) + bad;
    }
    this.#first = Math.min(this.#first, minute);
  }

  /** The sums of the last `minutes`: exactly up to an hour, to five minutes up to six hours, to an hour above. */
  last(minutes: number): Handshakes {
    const found = PLACED.find(({ ring }) => minutes <= ring.reach);
    const { ring, offset } = found ?? LONGEST;
    const now = Math.floor(this.#minute / ring.minutes);
    let good = 0;
    let bad = 0;
    for (let back = 0; back < Math.min(Math.ceil(minutes / ring.minutes), ring.slots); back++) {
      const slot = offset + ((((now - back) % ring.slots) + ring.slots) % ring.slots);
      good += this.#good[slot] as number;
      bad += this.#bad[slot] as number;
    }
    return { good, bad };
  }

  /** Adds what another has counted: of another shard, up to another minute. */
  merge(other: BurnRing): void {
    if (other.#minute === 0) return;
    const minute = Math.max(this.#minute, other.#minute);
    const first = Math.min(this.#first || other.#first, other.#first);
    this.add(minute, { good: 0, bad: 0 });
    const theirs = other.#copy();
    theirs.add(minute, { good: 0, bad: 0 });
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#good[slot] = (this.#good[slot] as number) + (theirs.#good[slot] as number);
      this.#bad[slot] = (this.#bad[slot] as number) + (theirs.#bad[slot] as number);
    }
    this.#first = first;
  }

  #copy(): BurnRing {
    const copy = new BurnRing();
    copy.#minute = this.#minute;
    copy.#first = this.#first;
    copy.#good.set(this.#good);
    copy.#bad.set(this.#bad);
    return copy;
  }

  encode(): Buffer {
    const checked = Buffer.concat([
      Buffer.from(new Uint32Array([this.#minute, this.#first]).buffer),
      new Uint8Array(this.#good.buffer),
      new Uint8Array(this.#bad.buffer),
    ]);
    return Buffer.concat([Buffer.from(new Uint32Array([VERSION, crc32(checked)]).buffer), checked]);
  }

  /** @throws RangeError for bytes of another version, or that were damaged */
  static decode(bytes: Uint8Array): BurnRing {
    const copy = Uint8Array.from(bytes);
    if (copy.length !== HEADER_BYTES + 2 * SLOTS * 4) {
      throw new RangeError(`a burn ring of ${copy.length} bytes, and not ${HEADER_BYTES + 2 * SLOTS * 4}`);
    }
    const [version = 0, checksum, minute = 0, first = 0] = new Uint32Array(copy.buffer, 0, 4);
    if (version !== VERSION) throw new RangeError(`a burn ring of version ${version}, and not ${VERSION}`);
    if (crc32(copy.subarray(CHECKED_FROM)) !== checksum) {
      throw new RangeError("the checksum of the burn ring does not agree");
    }
    const ring = new BurnRing();
    ring.#minute = minute;
    ring.#first = first;
    ring.#good.set(new Float32Array(copy.buffer, HEADER_BYTES, SLOTS));
    ring.#bad.set(new Float32Array(copy.buffer, HEADER_BYTES + SLOTS * 4, SLOTS));
    return ring;
  }

  /** Empties the slots between the last minute and this one: what they hold is of the round before. */
  #clearSince(ring: (typeof RINGS)[number], offset: number, minute: number): void {
    const now = Math.floor(minute / ring.minutes);
    const before = this.#minute === 0 ? now - ring.slots : Math.floor(this.#minute / ring.minutes);
    for (let step = Math.max(before + 1, now - ring.slots + 1); step <= now; step++) {
      this.#good[offset + (step % ring.slots)] = 0;
      this.#bad[offset + (step % ring.slots)] = 0;
    }
  }
}

const PLACED = RINGS.map((ring, place) => ({
  ring,
  offset: RINGS.slice(0, place).reduce((sum, { slots }) => sum + slots, 0),
}));
const LONGEST = PLACED[PLACED.length - 1] as (typeof PLACED)[number];
