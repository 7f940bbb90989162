/** SYNs that no connection is behind: a flood, or a scan. */

import { options, tellAndExit } from "../../../../src/drill/processes/process.ts";
import { openRawSocket } from "../libc.ts";
import type { SynOptions } from "../messages.ts";
import { paced } from "../paced.ts";
import { synPacket } from "../packets.ts";

const { port, count, perSecond, source, from, to } = options<
  SynOptions & { readonly from: string; readonly to: string }
>();
const send = openRawSocket(to);
let sent = 0;

await paced(count, perSecond, () => {
  // 198.18.0.0/15 is for tests of networks: nobody has these addresses.
  const spoofed = `198.18.${(sent >> 7) & 255}.${(sent & 127) + 1}`;
  send(
    synPacket({
      source: source === "spoofed" ? spoofed : from,
      sourcePort: 1_024 + (sent % 60_000),
      destination: to,
      port,
      sequence: (sent + 1) * 65_537,
    }),
  );
  sent += 1;
});
tellAndExit({ sent });
