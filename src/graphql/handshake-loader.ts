import DataLoader from "dataloader";
import { counterEntry } from "../catalog/catalog.ts";
import { type HandshakeQuery, type Handshakes, readHandshakes } from "../store/queries/handshakes.ts";
import type { Range } from "../store/queries/range.ts";
import { type AnswerBudget, shardCount } from "./answer-budget.ts";
import type { Sources } from "./context.ts";
import { knownCounter } from "./resolve-counter.ts";

/** Namespaces whose handshakes are asked for as one sum, over a range of whole minutes. */
export interface HandshakesAsked {
  readonly range: Range;
  readonly namespaceIds: readonly number[];
}

/** The handshakes of hosts, those of a page read together. */
export type HandshakeLoader = DataLoader<HandshakesAsked, Handshakes>;

export function handshakeLoader(sources: Sources, budget: AnswerBudget): HandshakeLoader {
  return new DataLoader(
    async (asked: readonly HandshakesAsked[]) => {
      const counters = await handshakeCounters(sources);
      const fleet = await sources.fleet.read();
      const found = new Map<HandshakesAsked, Handshakes>();
      for (const { range, members, of } of batchesOf(asked)) {
        const shards = shardCount([...of.keys()]);
        budget.takeScan({ range, shards, counters: HANDSHAKE_COUNTERS });
        const groups = { labels: members.map(() => ({})), of, changes: [] };
        const query = { ...counters, range, groups, fleet, now: sources.now() };
        (await readHandshakes(sources.db, query)).forEach((handshakes, index) => {
          const member = members[index];
          if (member !== undefined) found.set(member, handshakes);
        });
      }
      return asked.map((one) => found.get(one) ?? NO_HANDSHAKES);
    },
    { cache: false },
  );
}

export const NO_HANDSHAKES: Handshakes = { accepted: null, lost: null, loss: null };

interface Batch {
  readonly range: Range;
  readonly members: HandshakesAsked[];
  /** Which of the members each namespace belongs to. */
  readonly of: Map<number, number>;
}

/** Questions of one range together, each a group; those that share a namespace, which has but one group, apart. */
function batchesOf(asked: readonly HandshakesAsked[]): Batch[] {
  const batches: Batch[] = [];
  for (const one of asked) {
    const { range, namespaceIds } = one;
    let batch = batches.find(
      ({ range: { from, to }, of }) =>
        from === range.from && to === range.to && !namespaceIds.some((id) => of.has(id)),
    );
    if (batch === undefined) {
      batch = { range, members: [], of: new Map() };
      batches.push(batch);
    }
    const group = batch.members.push(one) - 1;
    for (const id of namespaceIds) batch.of.set(id, group);
  }
  return batches;
}

/** How many counters the estimate of lost handshakes reads. */
export const HANDSHAKE_COUNTERS = 6;

type HandshakeCounters = Omit<HandshakeQuery, "range" | "groups" | "fleet" | "now">;

/** The counters that the estimate of lost handshakes needs. */
export async function handshakeCounters(sources: Sources): Promise<HandshakeCounters> {
  const find = (name: string) => knownCounter(sources, counterEntry(name));
  const [passiveOpens, listenOverflows, reqQFullDrop, cookiesSent, cookiesReceived, cookiesFailed] =
    await Promise.all([
      find("TcpPassiveOpens"),
      find("TcpExtListenOverflows"),
      find("TcpExtTCPReqQFullDrop"),
      find("TcpExtSyncookiesSent"),
      find("TcpExtSyncookiesRecv"),
      find("TcpExtSyncookiesFailed"),
    ]);
  return {
    passiveOpens,
    listenOverflows,
    reqQFullDrop: reqQFullDrop.counterId,
    cookiesSent: cookiesSent.counterId,
    cookiesReceived: cookiesReceived.counterId,
    cookiesFailed: cookiesFailed.counterId,
  };
}
