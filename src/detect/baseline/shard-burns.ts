import { MINUTE_MS } from "../../rates/minute.ts";
import type { ShardMinute } from "../columns.ts";
import { BurnRing, type Handshakes } from "../detectors/burn-ring.ts";
import { handshakesAt } from "./loss-at.ts";

/** Of whom the handshakes at a position are. */
export interface BurnScope {
  /** The role of the host, containers included; null where it has none. */
  readonly roleAt: (position: number) => string | null;
  /** Whether what happened there in this minute was announced, and counts neither as good nor as bad. */
  readonly isExcluded: (position: number) => boolean;
}

/** Version, then for each ring its position and its bytes. */
const VERSION = 1;
const HEADER_BYTES = 8;

/**
 * The handshakes of a shard's namespaces in the last three days, each by itself and those of each role together. A
 * namespace that nobody ever tried to connect to has none.
 */
export class ShardBurns {
  readonly hosts: Map<number, BurnRing>;
  readonly roles: Map<string, BurnRing>;

  constructor(
    hosts: ReadonlyMap<number, BurnRing> = new Map(),
    roles: ReadonlyMap<string, BurnRing> = new Map(),
  ) {
    this.hosts = new Map(hosts);
    this.roles = new Map(roles);
  }

  /** Start of the last minute taken, ms since 1970; 0 before the first. */
  get minute(): number {
    let newest = 0;
    for (const ring of this.hosts.values()) newest = Math.max(newest, ring.minute);
    return newest * MINUTE_MS;
  }

  /** Takes a minute, in the order of the minutes; one that was taken is left out when it comes again. */
  take(minute: ShardMinute, scope: BurnScope): void {
    this.#add(minute, scope, (ring, number, counts) => ring.add(number, counts));
    // Time passes for the others, too.
    const number = Math.floor(minute.at / MINUTE_MS);
    for (const ring of [...this.hosts.values(), ...this.roles.values()]) ring.add(number, NONE);
  }

  /** Takes what came late of a minute that was taken before: of positions alone that were not in it then. */
  takeLate(minute: ShardMinute, scope: BurnScope): void {
    this.#add(minute, scope, (ring, number, counts) => ring.addLate(number, counts));
  }

  #add(
    minute: ShardMinute,
    { roleAt, isExcluded }: BurnScope,
    add: (ring: BurnRing, number: number, counts: Handshakes) => void,
  ): void {
    const number = Math.floor(minute.at / MINUTE_MS);
    const roles = new Map<string, Handshakes>();
    for (const [position, ratedMs] of minute.ratedMs.entries()) {
      if (ratedMs <= 0 || isExcluded(position)) continue;
      const counts = handshakesAt(minute, position);
      if (counts.good + counts.bad === 0) continue;
      const ring = this.hosts.get(position) ?? new BurnRing();
      this.hosts.set(position, ring);
      add(ring, number, counts);
      const role = roleAt(position);
      if (role === null) continue;
      const sum = roles.get(role) ?? { good: 0, bad: 0 };
      roles.set(role, { good: sum.good + counts.good, bad: sum.bad + counts.bad });
    }
    for (const [role, counts] of roles) {
      const ring = this.roles.get(role) ?? new BurnRing();
      this.roles.set(role, ring);
      add(ring, number, counts);
    }
  }

  /** The rings of the namespaces; those of roles are kept each for itself. */
  encode(): Buffer {
    const parts: Uint8Array[] = [Buffer.from(new Uint32Array([VERSION, this.hosts.size]).buffer)];
    for (const [position, ring] of this.hosts) {
      parts.push(Buffer.from(new Uint32Array([position]).buffer), ring.encode());
    }
    return Buffer.concat(parts);
  }

  /**
   * @param roles as they were kept
   * @throws RangeError for bytes of another version, or that were damaged
   */
  static decode(bytes: Uint8Array, roles: ReadonlyMap<string, Uint8Array>): ShardBurns {
    const copy = Uint8Array.from(bytes);
    if (copy.length < HEADER_BYTES) throw new RangeError(`burn rings of ${copy.length} bytes are cut off`);
    const [version = 0, count = 0] = new Uint32Array(copy.buffer, 0, 2);
    if (version !== VERSION) throw new RangeError(`burn rings of version ${version}, and not ${VERSION}`);
    const size = count === 0 ? 0 : (copy.length - HEADER_BYTES) / count;
    if (!Number.isInteger(size) || (count === 0 && copy.length > HEADER_BYTES)) {
      throw new RangeError("the burn rings are not as many as they say");
    }
    const hosts = new Map<number, BurnRing>();
    for (let index = 0; index < count; index++) {
      const one = copy.slice(HEADER_BYTES + index * size, HEADER_BYTES + (index + 1) * size);
      const [position = 0] = new Uint32Array(one.buffer, 0, 1);
      hosts.set(position, BurnRing.decode(one.subarray(4)));
    }
    const ofRoles = [...roles].map(([role, ring]) => [role, BurnRing.decode(ring)] as const);
    return new ShardBurns(hosts, new Map(ofRoles));
  }
}

const NONE: Handshakes = { good: 0, bad: 0 };
