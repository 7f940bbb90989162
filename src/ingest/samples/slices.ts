import { LIMITS } from "../../protocol/limits.ts";
import type { HostSection, WireSnapshot } from "../../protocol/message.ts";

/** Hosts that are taken in at once. */
const HOSTS_AT_ONCE = 500;

/**
 * Sections in slices that are each no more than a push may be: a sender that catches up after an outage has more to say at
 * once than an agent. A host of which there is too much for one push is in several.
 *
 * @returns all snapshots in the order in which they were, each once
 */
export function* slicesOf(sections: readonly HostSection[]): Generator<readonly HostSection[]> {
  let slice: HostSection[] = [];
  let snapshots = 0;
  for (const part of sections.flatMap(partsOf)) {
    const isFull =
      slice.length === HOSTS_AT_ONCE || snapshots + part.snapshots.length > LIMITS.snapshotsPerPush;
    if (isFull && slice.length > 0) {
      yield slice;
      slice = [];
      snapshots = 0;
    }
    slice.push(part);
    snapshots += part.snapshots.length;
  }
  if (slice.length > 0) yield slice;
}

/** A section, or where it is more than a push may have of one host, its parts. */
function partsOf(section: HostSection): readonly HostSection[] {
  const { snapshots, namespaces = [], layouts = {} } = section;
  const fits =
    snapshots.length <= LIMITS.snapshotsPerPush &&
    namespaces.length <= LIMITS.namespacesPerHost &&
    Object.keys(layouts).length <= LIMITS.layoutsPerHost;
  return fits ? [section] : cut(section);
}

function cut({
  snapshots,
  namespaces = [],
  layouts = {},
  capabilities,
  ...host
}: HostSection): HostSection[] {
  const parts: HostSection[] = [];
  let own: WireSnapshot[] = [];
  /** By the place that a namespace has in the whole, the one that it has in the part. */
  let places = new Map<number, number>();
  let told = new Set<string>();
  const end = () => {
    const named = [...places.keys()].flatMap((place) => namespaces[place] ?? []);
    parts.push({
      ...host,
      ...(told.size === 0
        ? {}
        : { layouts: Object.fromEntries([...told].map((hash) => [hash, layouts[hash] ?? []])) }),
      ...(named.length === 0 ? {} : { namespaces: named }),
      snapshots: own,
      // Said once.
      ...(capabilities === undefined || parts.length > 0 ? {} : { capabilities }),
    });
    [own, places, told] = [[], new Map(), new Set()];
  };
  for (const snapshot of snapshots) {
    const { namespace, layout } = snapshot;
    const isNew = layouts[layout] !== undefined;
    if (
      own.length === LIMITS.snapshotsPerPush ||
      (namespace !== undefined && places.size === LIMITS.namespacesPerHost && !places.has(namespace)) ||
      (isNew && told.size === LIMITS.layoutsPerHost && !told.has(layout))
    ) {
      end();
    }
    if (isNew) told.add(layout);
    if (namespace === undefined) own.push(snapshot);
    else {
      const place = places.get(namespace) ?? places.size;
      places.set(namespace, place);
      own.push({ ...snapshot, namespace: place });
    }
  }
  end();
  return parts;
}
