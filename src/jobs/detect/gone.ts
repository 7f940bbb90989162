import type { Episode } from "../../detect/episodes/episode.ts";
import type { Db } from "../../store/client.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import { lastSnapshotAt } from "../../store/history/newest.ts";
import { burnSubject, hostSubject, namespaceSubject } from "./hand-book.ts";

/** A namespace of which nothing has come for so long, while its host was heard of, is no more: its container ended. */
const ENDED_MS = 10 * 60_000;

/**
 * The subjects of episodes that are gone for good: of hosts that left or were forgotten, and namespaces that ended
 * while their host goes on. What was the matter with them is over.
 *
 * @param now ms since 1970
 */
export async function goneSubjects(
  db: Db,
  episodes: Iterable<Episode>,
  fleet: Fleet,
  now: number,
): Promise<Set<string>> {
  const gone = new Set<string>();
  const reporting: { readonly id: number; readonly subject: string }[] = [];
  for (const { subject, host: hostId, hosts, phase } of episodes) {
    // A role is not gone with one of its hosts: with the last of them nothing of it is lost any more.
    if (phase === "closed" || hosts !== undefined) continue;
    const host = fleet.hostById.get(Number(hostId));
    if (host === undefined || host.status === "LEFT") gone.add(subject);
    else if (subject !== hostSubject(host.id) && host.status === "REPORTING") {
      const own = fleet.namespacesOf.get(host.id) ?? [];
      const namespace = own.find(({ id }) => [namespaceSubject(id), burnSubject(id)].includes(subject));
      if (namespace === undefined) gone.add(subject);
      else reporting.push({ id: namespace.id, subject });
    }
  }
  const last = await lastSnapshotAt(db, [...new Set(reporting.map(({ id }) => id))], now);
  for (const { id, subject } of reporting) {
    if (now - (last.get(id) ?? 0) > ENDED_MS) gone.add(subject);
  }
  return gone;
}
