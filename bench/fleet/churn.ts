/**
 * Containers that come and go on a simulated host: so many at a time, each living for some minutes, then
 * replaced. As an agent does, a namespace is told when it is born, whenever its counters have moved, and once
 * a minute.
 */
import { DIAGNOSIS_COUNTERS } from "../../agent/namespaces/diagnosis-counters.ts";
import { randomOf } from "../../src/demo/random.ts";
import { type FleetOptions, type HostIdentity, hostIdentity } from "./fleet.ts";

const MINUTE_MS = 60_000;

export interface ChurnOptions extends FleetOptions {
  /** Namespaces of a host at a time, its root apart. */
  readonly namespaces: number;
  /** Mean life of one. */
  readonly lifeMs: number;
}

/** One reading of a container. */
export interface ContainerReading {
  readonly inode: string;
  /** ms of uptime */
  readonly birth: number;
  readonly name: string;
  readonly fromZero: boolean;
  readonly at: number;
  readonly values: Float64Array;
}

interface Container {
  readonly inode: number;
  readonly name: string;
  readonly bornMs: number;
  readonly diesMs: number;
  readonly values: Float64Array;
  toldMs: number | null;
}

/** Counters that a container's traffic moves; the others stand still. */
const MOVING = 6;
/** An idle container moves in one of so many intervals. */
const IDLE_INTERVALS = 5;

export class ChurningHost {
  readonly identity: HostIdentity;
  readonly #options: ChurnOptions;
  readonly #random: () => number;
  readonly #slots: Container[];
  #at: number;
  #made = 0;

  constructor(options: ChurnOptions, index: number) {
    this.identity = hostIdentity(options, index);
    this.#options = options;
    this.#random = randomOf(`${options.seed} churn ${index}`);
    this.#at = options.startMs;
    this.#slots = Array.from({ length: options.namespaces }, () => this.#container(this.#random()));
  }

  /** Namespaces that there have been. */
  get made(): number {
    return this.#made;
  }

  /** What the host tells of its containers at the next interval, read at `atMs`. */
  readings(atMs: number): ContainerReading[] {
    this.#at = atMs;
    const told: ContainerReading[] = [];
    this.#slots.forEach((container, slot) => {
      let current = container;
      if (current.diesMs <= this.#at) {
        current = this.#container(1);
        this.#slots[slot] = current;
      }
      const moved = this.#move(current);
      const due = current.toldMs === null || this.#at - current.toldMs >= MINUTE_MS;
      if (!moved && !due) return;
      told.push({
        inode: String(current.inode),
        birth: current.bornMs - this.identity.bootedMs,
        name: current.name,
        fromZero: current.toldMs === null,
        at: this.#at,
        values: current.values.slice(),
      });
      current.toldMs = this.#at;
    });
    return told;
  }

  #move({ values }: Container): boolean {
    if (this.#random() * IDLE_INTERVALS >= 1) return false;
    for (let place = 0; place < MOVING; place++) {
      values[place] = (values[place] ?? 0) + Math.floor(this.#random() * 40);
    }
    return true;
  }

  /** @param share of its life that is before it */
  #container(share: number): Container {
    const { lifeMs } = this.#options;
    const made = this.#made++;
    return {
      inode: 4_026_532_000 + made,
      name: `${this.identity.role}-${made.toString(36)}`,
      bornMs: this.#at - 1_000,
      diesMs: this.#at + Math.floor(lifeMs * (0.2 + 1.6 * this.#random()) * share),
      values: new Float64Array(DIAGNOSIS_COUNTERS.length),
      toldMs: null,
    };
  }
}
