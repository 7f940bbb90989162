/**
 * Carries packets between two TUN devices, host0 and peer0, and does to them what the path of the episode does.
 * Both are made in the namespace of the host; its parent moves peer0 away when this says that they are there.
 */
import { read, writeSync } from "node:fs";
import { promisify } from "node:util";
import { options, tell } from "../../../../src/drill/processes/process.ts";
import type { Path } from "../episode.ts";
import { openTun } from "../libc.ts";
import { createLoss } from "../path.ts";

const readAsync = promisify(read);
const PACKET_BYTES = 65_536;

const path = options<Path>();
const { delayMs = 0 } = path;
const isLost = createLoss(path.loses);
const host = openTun("host0");
const peer = openTun("peer0");
tell({ ready: true });
void carry(host, peer, false);
void carry(peer, host, true);

async function carry(from: number, to: number, fromPeer: boolean): Promise<never> {
  const buffer = Buffer.alloc(PACKET_BYTES);
  for (;;) {
    const { bytesRead } = await readAsync(from, buffer, 0, PACKET_BYTES, null);
    const packet = Buffer.from(buffer.subarray(0, bytesRead));
    if (isLost(packet, fromPeer)) continue;
    if (delayMs === 0) deliver(to, packet);
    else setTimeout(deliver, delayMs, to, packet);
  }
}

function deliver(to: number, packet: Buffer): void {
  try {
    writeSync(to, packet);
  } catch {
    // A device that is not up yet loses what is sent to it, as a cable would.
  }
}
