import { mkdtempSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { EPOCH_NAME } from "./epoch.ts";
import { readMachineId } from "./host-facts.ts";
import { IDENTITY_NAME } from "./identity.ts";
import type { Log } from "./log.ts";
import { ASIDE_NAME, ASIDE_OLDER_NAME } from "./set-aside.ts";
import { SPOOL_NAME } from "./spool/files.ts";
import { withReserve } from "./spool/reserve.ts";
import { readState, writeState } from "./state-folder.ts";

/**
 * Beside the identity and not in it: who restores identity.json alone, after a reinstall, goes on with the history
 * of the host.
 */
const NAME = "machine-id.sha256";
const SHA256 = /^[0-9a-f]{64}$/;
/** The identity last: as long as it is there, a move that was cut short is done again. */
const OF_ONE_HOST = [SPOOL_NAME, EPOCH_NAME, ASIDE_NAME, ASIDE_OLDER_NAME, IDENTITY_NAME];

/**
 * Sets aside what a state folder has of another machine, so that this one begins as a new host. An image that is
 * made of a machine with an agent copies its identity, and all machines of that image would add up as one host;
 * nobody logs in to each of them to mend that.
 *
 * A folder that does not say yet whose it is becomes this machine's.
 *
 * @throws Error when it is another machine's and cannot be set aside: to push as that one would be worse.
 */
export function disownCopy(folder: string, log: Pick<Log, "warn">, machineIdPath = "/etc/machine-id"): void {
  const machine = lastingMachineId(folder, machineIdPath);
  const kept = readState(folder, NAME)?.trim() ?? "";
  if (machine === undefined || kept === machine) return;
  const isCopy = SHA256.test(kept);
  if (isCopy) setAside(folder, log);
  try {
    withReserve(folder, () => writeState(folder, NAME, `${machine}\n`));
  } catch (error) {
    // Not known at the next start, and the new identity would be taken for a copy.
    if (isCopy) throw error;
    log.warn(`cannot save ${NAME} in ${folder}: ${error instanceof Error ? error.message : error}`);
  }
}

function setAside(folder: string, log: Pick<Log, "warn">): void {
  const present = OF_ONE_HOST.filter(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false }) !== undefined,
  );
  if (present.length === 0) return;
  const aside = mkdtempSync(join(folder, "of-another-machine-"));
  for (const name of present) renameSync(join(folder, name), join(aside, name));
  log.warn(
    `the state folder ${folder} is a copy of another machine's, as /etc/machine-id is not what it was: this is a new host from now on. ` +
      `What was there is in ${aside}: delete it; or, if this is that machine all the same, stop the agent and move ${IDENTITY_NAME} and ${EPOCH_NAME} back`,
  );
}

/**
 * The machine's id where it lasts as long as the state folder, which is so when both are on one file system.
 * Elsewhere it may be another at each start (the image of a container, a root that is read-only or in memory, the
 * first boot of an image), and a host that begins anew each time is worse than a copy that nobody notices.
 */
function lastingMachineId(folder: string, path: string): string | undefined {
  try {
    return statSync(path).dev === statSync(folder).dev ? readMachineId(path) : undefined;
  } catch {
    return undefined;
  }
}
