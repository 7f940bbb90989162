import type { WireListener } from "../src/protocol/message.ts";
import { columns } from "./columns.ts";
import type { SeenListeners } from "./look.ts";

/** The listeners of one network namespace as a table, each with its advice below it. */
export function listenerLines(listeners: SeenListeners | undefined): string[] {
  if (listeners === undefined) return ["Listeners: none could be seen"];
  const { sockets, samples, source } = listeners;
  if (sockets.length === 0) return ["Listeners: there are none"];
  const head = ["ADDRESS", "PORT", "QUEUE/LIMIT", "FILL", "FULL", "DROPS", "OWNER"];
  const rows = sockets.map((socket) => [
    socket.address,
    String(socket.port),
    `${socket.acceptQueue}/${socket.limitInferred === true ? "~" : ""}${socket.limit ?? "?"}`,
    fillOf(socket),
    socket.limit === null ? "?" : `${socket.samplesFull}/${samples}`,
    String(socket.drops ?? "?"),
    socket.owner ?? (socket.uid === undefined ? "?" : `uid ${socket.uid}`),
  ]);
  const [heading = "", ...lines] = columns(
    [head, ...rows],
    ["left", "right", "right", "right", "right", "right", "left"],
  );
  const means = source === "ss" ? "ss" : "/proc/net/tcp";
  const looks = samples === 1 ? "one look" : `${samples} looks`;
  return [
    `Listeners by ${means}; full: of ${looks}; drops: of the socket's whole life; ?: cannot be seen`,
    heading,
    ...lines.flatMap((line, index) => {
      const advice = sockets[index]?.advice ?? null;
      return advice === null ? [line] : [line, `    ${advice}`];
    }),
  ];
}

/** Of what the queue holds, which is one more than the limit. */
function fillOf({ acceptQueue, limit }: WireListener): string {
  return limit === null ? "?" : `${Math.round((100 * acceptQueue) / (limit + 1))}%`;
}
