import type { HostSection, Push } from "../protocol/message.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";

/** What one host has to say, and the version of the agent that says it. */
export interface Said {
  readonly section: HostSection;
  readonly agentVersion: string;
}

/** As a relay would gather them: a part of the most that a push may hold. */
const SNAPSHOTS_PER_PUSH = 1_000;

/** Pushes that say all of it. @param now ms since 1970, the clock of the senders */
export function pushesOf(said: readonly Said[], now: number): Push[] {
  const pushes: Push[] = [];
  for (const version of new Set(said.map(({ agentVersion }) => agentVersion))) {
    const all = said.filter(({ agentVersion }) => agentVersion === version);
    let hosts: HostSection[] = [];
    let snapshots = 0;
    const end = () => {
      if (hosts.length > 0)
        pushes.push({ protocol: PROTOCOL_VERSION, agent: { version, clock: now }, hosts });
      hosts = [];
      snapshots = 0;
    };
    for (const { section } of all) {
      if (snapshots + section.snapshots.length > SNAPSHOTS_PER_PUSH) end();
      hosts.push(section);
      snapshots += section.snapshots.length;
    }
    end();
  }
  return pushes;
}
