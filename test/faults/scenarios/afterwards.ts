/** What must hold at the end of single scenarios, beside the invariants. */
import type { Violations } from "../kit/check.ts";
import type { World } from "../kit/world.ts";
import { failedJobs } from "./nemeses.ts";

/** The service counts as many conflicts as agents were told of. */
export async function contradictionsCounted({ service, journal }: World): Promise<Violations> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const line = /^spillway_ingest_snapshots_total\{.*code="CONFLICT".*\} (\d+)$/m.exec(text);
  const [counted, told] = [Number(line?.[1] ?? 0), journal.refused.get("CONFLICT") ?? 0];
  if (told === 0) return [{ invariant: "I11", what: "no snapshot was contradicted" }];
  // What was answered and not heard is counted by the service alone.
  if (counted >= told) return [];
  return [{ invariant: "I11", what: `${told} conflicts were told, and ${counted} are counted` }];
}

/** What nobody can do is put aside in every queue, where it holds up nothing; without receivers `notify` does nothing. */
export async function poisonFailed(world: World): Promise<Violations> {
  const failed = [...(await failedJobs(world))];
  return failed
    .filter(([name, count]) => count === 0 && name !== "notify")
    .map(([name]) => ({ invariant: "I11", what: `no job of ${name} failed` }));
}

/** A limit that nobody came to would prove nothing. */
export async function toldToComeLater({ journal }: World): Promise<Violations> {
  if (journal.statuses.has("429")) return [];
  return [{ invariant: "I11", what: "no push was told to come later" }];
}

/** A disk that nobody found full, likewise. */
export async function diskWasFull({ agents }: World): Promise<Violations> {
  return agents
    .filter((agent) => !agent.output().includes("cannot write to the spool"))
    .map(({ name }) => ({ invariant: "I6", what: `the disk of ${name} was never full` }));
}

/** And one of tables. */
export async function tablesWereFull({ journal }: World): Promise<Violations> {
  if (journal.statuses.has("503") || journal.failures.has("SERVICE_FAULT")) return [];
  return [{ invariant: "I11", what: "no push met a full disk" }];
}
