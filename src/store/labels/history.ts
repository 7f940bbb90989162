import type { Db } from "../client.ts";
import type { Fleet, FleetView } from "../fleet-view.ts";
import type { Labels } from "./effective.ts";

/** Labels that held from a time until the next piece, or to the end of what was asked for. */
export interface LabelPiece {
  /** ms since 1970 */
  readonly from: number;
  readonly labels: Labels;
}

interface Held {
  readonly revision: number;
  readonly pieces: readonly LabelPiece[];
}

/**
 * Which labels each host had when. What is held of a host is good while its revision is the one that the fleet
 * shows, so a change made by any process is seen within a second, and nothing is read for a host that did
 * not change.
 */
export class HostLabelHistory {
  readonly #db: Db;
  readonly #fleet: FleetView;
  #held = new Map<number, Held>();

  constructor(db: Db, fleet: FleetView) {
    this.#db = db;
    this.#fleet = fleet;
  }

  /**
   * The labels of hosts over `from <= time < to` (ms since 1970): for each host that there is, at least one
   * piece, the first from `from`. Before a host was first seen it is taken to have had its first labels.
   */
  async read(
    hostIds: readonly number[],
    range: { readonly from: number; readonly to: number },
  ): Promise<Map<number, readonly LabelPiece[]>> {
    const { hostById } = await this.#refresh(hostIds);
    const found = new Map<number, readonly LabelPiece[]>();
    for (const id of hostIds) {
      const host = hostById.get(id);
      if (host === undefined) continue;
      const pieces = clip(this.#held.get(id)?.pieces ?? [], range);
      found.set(id, pieces.length > 0 ? pieces : [{ from: range.from, labels: host.labels }]);
    }
    return found;
  }

  /**
   * The labels of every host over all time, as a function of the host: no piece where nothing but its labels of now
   * is known.
   */
  async over(): Promise<(host: { readonly id: number }) => readonly LabelPiece[]> {
    const { hosts } = await this.#fleet.read();
    await this.#refresh(hosts.map(({ id }) => id));
    return ({ id }) => this.#held.get(id)?.pieces ?? [];
  }

  /** Reads what is not held of these hosts, or is out of date. */
  async #refresh(hostIds: readonly number[]): Promise<Fleet> {
    const fleet = await this.#fleet.read();
    const { hostById } = fleet;
    const stale = hostIds.filter((id) => {
      const host = hostById.get(id);
      return host !== undefined && this.#held.get(id)?.revision !== host.revision;
    });
    if (stale.length > 0) {
      const pieces = await readPieces(this.#db, stale);
      for (const id of stale) {
        // Read after the revision, so never older than it.
        const revision = hostById.get(id)?.revision ?? 0;
        this.#held.set(id, { revision, pieces: pieces.get(id) ?? [] });
      }
    }
    if (this.#held.size > hostById.size) {
      this.#held = new Map([...this.#held].filter(([id]) => hostById.has(id)));
    }
    return fleet;
  }
}

/** The pieces that overlap a range, the first of them from its beginning. */
export function clip(
  pieces: readonly LabelPiece[],
  { from, to }: { readonly from: number; readonly to: number },
): LabelPiece[] {
  const start = Math.max(
    0,
    pieces.findLastIndex((piece) => piece.from <= from),
  );
  return pieces
    .slice(start)
    .filter((piece, index) => index === 0 || piece.from < to)
    .map((piece, index) => (index === 0 ? { ...piece, from } : piece));
}

async function readPieces(db: Db, hostIds: readonly number[]): Promise<Map<number, LabelPiece[]>> {
  const rows = await db.$queryRaw<{ hostId: number; from: number; labels: Labels }[]>`
    SELECT host_id AS "hostId", date_part('epoch', since) * 1000 AS "from", labels
    FROM host_label_history WHERE host_id = ANY(${[...hostIds]}::int[]) ORDER BY host_id, since`;
  const byHost = new Map<number, LabelPiece[]>();
  for (const { hostId, from, labels } of rows) {
    const pieces = byHost.get(hostId) ?? [];
    pieces.push({ from: Math.round(from), labels });
    byHost.set(hostId, pieces);
  }
  return byHost;
}
