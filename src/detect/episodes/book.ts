import { advanceEpisode, type CauseObservation, type Episode, hostsOf, isForgotten } from "./episode.ts";
import { fleetKey, type Group, groupEpisodes, groupName, hostKey } from "./grouping.ts";
import { advanceIncident, type Incident, membersOf, type Transition } from "./incident.ts";
import { familyOf, isTold, REOPEN_MS } from "./policy.ts";

export type { Incident, Transition };

/** Everything that the machine remembers. Make a new one with `emptyBook()`. */
export interface Book {
  /** The newest judgement taken of each source. */
  readonly watermarks: ReadonlyMap<string, number>;
  /** By subject, cause and port. */
  readonly episodes: ReadonlyMap<string, Episode>;
  /** By key; those that were resolved for as long as they may be opened again. */
  readonly incidents: ReadonlyMap<string, Incident>;
}

/** What one source judged at one moment: a shard's counters, or who is silent. */
export interface Judgement {
  readonly source: string;
  readonly at: number;
  /** `counters` says nothing of silence, and `presence` of nothing else. */
  readonly judges: "counters" | "presence";
  /** The causes that fit, of the subjects that were judged. */
  readonly observations: readonly Omit<CauseObservation, "at">[];
  /** Subjects that were judged: of their episodes, those that were not observed are calm. */
  readonly judged: ReadonlySet<string>;
  /** Subjects that are gone for good, of hosts that left or were forgotten. */
  readonly gone?: ReadonlySet<string>;
  /** Hosts of each role, and of all under `*`. */
  readonly sizes: ReadonlyMap<string, number>;
}

export function emptyBook(): Book {
  return { watermarks: new Map(), episodes: new Map(), incidents: new Map() };
}

/**
 * Takes a judgement: pure. One of a source that is not after its newest changes nothing, so a job may run twice and
 * be replayed from anywhere. Who takes many opens the book once.
 */
export function advance(
  book: Book,
  judgement: Judgement,
): { readonly book: Book; readonly transitions: Transition[] } {
  const open = new OpenBook(book);
  const transitions = open.take(judgement);
  return transitions === null ? { book, transitions: [] } : { book: open.book, transitions };
}

/** Two causes of one family are one episode. */
export function episodeName({ subject, cause, port }: Pick<Episode, "subject" | "cause" | "port">): string {
  return JSON.stringify([subject, familyOf(cause), port]);
}

/**
 * A book that takes one judgement after the other: each costs what it changes, however many hosts fail. The book that
 * it was opened with stays as it was.
 */
export class OpenBook {
  readonly #watermarks: Map<string, number>;
  readonly #episodes: Map<string, Episode>;
  readonly #incidents: Map<string, Incident>;
  /** Names of episodes, by subject and by the group that they may be one incident in. */
  readonly #bySubject = new Map<string, Set<string>>();
  readonly #byGroup = new Map<string, Set<string>>();
  /** Of the last judgement; null before the first, which is to look at everything. */
  #sizes: Judgement["sizes"] | null = null;

  constructor({ watermarks, episodes, incidents }: Book) {
    this.#watermarks = new Map(watermarks);
    this.#episodes = new Map(episodes);
    this.#incidents = new Map(incidents);
    for (const [name, episode] of episodes) this.#index(name, episode);
  }

  /** As it is now. It goes on changing with what is taken. */
  get book(): Book {
    return { watermarks: this.#watermarks, episodes: this.#episodes, incidents: this.#incidents };
  }

  /** @returns what changed of incidents; null for a judgement that is not after the newest of its source */
  take(judgement: Judgement): Transition[] | null {
    const { source, at, sizes } = judgement;
    if (at <= (this.#watermarks.get(source) ?? Number.NEGATIVE_INFINITY)) return null;
    this.#watermarks.set(source, at);
    const isAnew = this.#sizes !== sizes;
    this.#sizes = sizes;
    const touched = this.#advanceEpisodes(judgement);
    const transitions: Transition[] = [];
    const groups = isAnew ? this.#byGroup.keys() : new Set(touched.map(groupName));
    const isOpen = (key: string) => this.#incidents.get(key)?.status === "open";
    const isNewFleet = ({ key, scope }: Group) => scope.kind === "fleet" && !isOpen(key);
    const active = [...groups].flatMap((name) => this.#activeOf(name));
    const on = groupEpisodes(active, sizes, { has: isOpen }).filter((group) => membersOf(group).length > 0);
    const absorbing = on.filter(isNewFleet);
    for (const group of on) {
      const before = this.#incidents.get(group.key) ?? null;
      this.#incidents.set(group.key, advanceIncident(before, group, at, transitions));
    }
    // What was open, and may not be in any group any more.
    const keys = isAnew
      ? [...this.#incidents.keys()]
      : [...touched, ...absorbing.flatMap(({ episodes }) => episodes)].flatMap(keysOf);
    this.#resolve(new Set(keys), on, at, transitions);
    this.#forget(at);
    return transitions;
  }

  /** @returns the episodes that were looked at, as they were and as they are */
  #advanceEpisodes({ at, judges, judged, gone, observations }: Judgement): Episode[] {
    const seen = new Map(observations.map((observation) => [episodeName(observation), observation]));
    for (const subject of new Set([...judged, ...(gone ?? [])])) {
      for (const name of this.#bySubject.get(subject) ?? []) {
        const { host, hosts, role, cause, port } = this.#episodes.get(name) as Episode;
        const whose = { subject, host, role, ...(hosts === undefined ? {} : { hosts }) };
        const calm = { ...whose, cause, port, strength: 0, severity: "INFO" } as const;
        const isJudged = judged.has(subject) && (cause === "HOST_SILENT") === (judges === "presence");
        if (isJudged && !seen.has(name)) seen.set(name, calm);
        if (gone?.has(subject) === true) seen.set(name, { ...calm, gone: true });
      }
    }
    const touched: Episode[] = [];
    for (const [name, observation] of seen) {
      const before = this.#episodes.get(name) ?? null;
      const { episode } = advanceEpisode(before, { ...observation, at });
      if (before !== null) touched.push(before);
      if (episode !== null) touched.push(episode);
      this.#replace(name, before, episode);
    }
    return touched;
  }

  #replace(name: string, before: Episode | null, after: Episode | null): void {
    if (before !== null) {
      this.#bySubject.get(before.subject)?.delete(name);
      this.#byGroup.get(groupName(before))?.delete(name);
    }
    if (after === null) this.#episodes.delete(name);
    else {
      this.#episodes.set(name, after);
      this.#index(name, after);
    }
  }

  #index(name: string, episode: Episode): void {
    add(this.#bySubject, episode.subject, name);
    add(this.#byGroup, groupName(episode), name);
  }

  /** Those of which an incident may be made. */
  #activeOf(group: string): Episode[] {
    const all = [...(this.#byGroup.get(group) ?? [])].map((name) => this.#episodes.get(name) as Episode);
    return all.filter(({ phase, cause }) => phase !== "closed" && isTold(cause));
  }

  /** Ends those of the incidents of these keys that no group is about any more. */
  #resolve(keys: ReadonlySet<string>, on: readonly Group[], at: number, transitions: Transition[]): void {
    const still = new Set(on.map(({ key }) => key));
    const over = [...keys].filter((key) => this.#incidents.get(key)?.status === "open" && !still.has(key));
    if (over.length === 0) return;
    const inFleets = new Set(
      on
        .filter(({ scope }) => scope.kind === "fleet")
        .flatMap(({ episodes }) => episodes.flatMap(familyNames)),
    );
    for (const key of over) {
      const incident = this.#incidents.get(key) as Incident;
      const isAbsorbed = incident.members.some((host) => inFleets.has(familyName(host, incident.cause)));
      const detail = isAbsorbed && incident.scope.kind === "host" ? ABSORBED : RECOVERED;
      transitions.push({ at, key, kind: "resolved", detail });
      this.#incidents.set(key, { ...incident, status: "resolved", resolvedAt: at, members: [] });
    }
  }

  /** Drops what is over for so long that what comes is another one. */
  #forget(at: number): void {
    for (const [name, episode] of this.#episodes) {
      if (isForgotten(episode, at)) this.#replace(name, episode, null);
    }
    for (const [key, { resolvedAt }] of this.#incidents) {
      if (resolvedAt !== null && at - resolvedAt > REOPEN_MS) this.#incidents.delete(key);
    }
  }
}

const RECOVERED = "recovered";
const ABSORBED = "became part of a fleet-wide incident";

/** The incidents that an episode may be in: its own, and that of its group. */
function keysOf(episode: Episode): string[] {
  return [hostKey(episode), fleetKey(episode)].flatMap((key) => key ?? []);
}

function familyName(host: string, cause: Incident["cause"]): string {
  return JSON.stringify([host, familyOf(cause)]);
}

function familyNames(episode: Episode): string[] {
  return hostsOf(episode).map((host) => familyName(host, episode.cause));
}

function add(index: Map<string, Set<string>>, key: string, name: string): void {
  const names = index.get(key);
  if (names === undefined) index.set(key, new Set([name]));
  else names.add(name);
}
