/** What an agent has collected beside what its service has stored: nothing missing, nothing twice. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ASIDE_NAME, ASIDE_OLDER_NAME } from "../../agent/set-aside.ts";
import type { Collected } from "./journal-keeper.ts";
import { keyOf } from "./journal-keeper.ts";
import { oracleMinutes } from "./oracle.ts";
import { type Service, withStore } from "./service.ts";
import { waitFor } from "./wait.ts";

/** Keys of all snapshots of a host that are stored, in the order of the transactions that did. */
export function storedOf(databaseUrl: string, host: string): Promise<string[]> {
  return withStore(databaseUrl, async ({ db }) => {
    const rows = await db.$queryRaw<{ key: string }[]>`
      SELECT format('%s/%s %s at %s up %s every %s', e.boot_id, e.number,
        CASE n.kind WHEN 'ROOT' THEN 'root' ELSE n.inode || '.' || n.birth END,
        round(date_part('epoch', s.at) * 1000), s.uptime_ms, s.every_ms) AS key
      FROM ts.snapshot s JOIN namespace n ON n.id = s.namespace_id JOIN host h ON h.id = n.host_id
        JOIN epoch e ON e.id = s.epoch_id
      WHERE h.name = ${host} ORDER BY s.xmin::text::bigint, s.at`;
    return rows.map(({ key }) => key);
  });
}

/** Snapshots that the agents of a state folder have set aside: their keys, each with the reason. */
export function setAsideIn(stateDir: string): Map<string, string> {
  const aside = new Map<string, string>();
  for (const name of [ASIDE_OLDER_NAME, ASIDE_NAME]) {
    const path = join(stateDir, name);
    if (!existsSync(path)) continue;
    for (const line of readFileSync(path, "utf8").split("\n")) {
      if (line === "" || line.startsWith('{"layout"')) continue;
      const { code, snapshot, ...queued } = JSON.parse(line);
      aside.set(keyOf(queued, snapshot), code);
    }
  }
  return aside;
}

const COUNTED = [
  "TcpInSegs",
  "TcpOutSegs",
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpExtListenOverflows",
  "TcpExtTCPTimeouts",
];

/**
 * The increases that the service tells of the host's root are those of the snapshots stored, by the table of
 * docs/architecture.md: in one epoch the last value less the first, however often it was sent.
 */
export async function expectExactIncreases(
  service: Service,
  host: string,
  stored: readonly Collected[],
): Promise<void> {
  const root = stored.filter(({ isRoot }) => isRoot);
  const history = root.map(({ epoch, names, snapshot }) => ({
    at: snapshot.at,
    uptimeMs: snapshot.uptimeMs,
    everyMs: snapshot.everyMs,
    boot: epoch.boot,
    epoch: epoch.number,
    wordSize: epoch.wordSize,
    values: Object.fromEntries(
      COUNTED.map((name) => [name, BigInt(snapshot.values[names.indexOf(name)] ?? 0)]),
    ),
  }));
  const expected = Object.fromEntries(COUNTED.map((name) => [name, 0n]));
  for (const [key, { total }] of oracleMinutes(history)) {
    const name = key.slice(0, key.indexOf(" "));
    expected[name] = (expected[name] ?? 0n) + total;
  }
  if (new Set(root.map(({ epoch }) => epoch.number)).size === 1) {
    const [first, last] = [history[0], history.at(-1)];
    for (const name of COUNTED)
      expect(expected[name]).toBe((last?.values[name] ?? 0n) - (first?.values[name] ?? 0n));
  }
  const { data: found } = await service.graphql(
    "query ($name: String!) { host(name: $name) { namespaces { id kind } } }",
    { name: host },
  );
  const namespace = found.host.namespaces.find(({ kind }: { kind: string }) => kind === "ROOT").id;
  // To beyond now: an agent's time may be ahead of the service's by what is left alone.
  const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
  const fields = COUNTED.map(
    (name) => `${name}: increase(counter: "${name}", range: {from: $from, to: $to}, namespace: $namespace)`,
  );
  const ask = () =>
    service.graphql(
      `query ($name: String!, $namespace: ID!, $from: DateTime!, $to: DateTime!) {
        host(name: $name) { ${fields.join(" ")} } }`,
      { name: host, namespace, from: hours(-6), to: hours(1) },
    );
  // Exact at once; but a machine that is busy with other tests may have it say that it cannot answer just now.
  const { data, errors } = await waitFor("the service to answer", async () => {
    const answer = await ask();
    const isBusy = answer.errors?.every(({ extensions }) => extensions.code === "UNAVAILABLE") ?? false;
    return isBusy ? null : answer;
  });
  expect(errors).toBeUndefined();
  const told = Object.fromEntries(COUNTED.map((name) => [name, BigInt(data.host[name])]));
  expect(told).toEqual(expected);
  expect(told.TcpInSegs).toBeGreaterThan(0n);
}
