import { Counter, Gauge } from "prom-client";
import type { Metrics } from "../telemetry/metrics.ts";
import type { OwnListener, OwnListenerState } from "../telemetry/own-listener.ts";
import { collector, kept } from "./state-metrics.ts";

/** Metrics of the port that this process listens on, by its own kernel; what that does not show has no sample. */
export function addListenerMetrics({ registry }: Metrics, listener: Pick<OwnListener, "read">): void {
  const registers = [registry];
  const state = kept(() => listener.read());
  const gauge = (name: string, help: string, value: (state: OwnListenerState) => number | null) =>
    new Gauge({ name, help, registers, collect: collector(state, value) });
  const counter = (name: string, help: string, value: (state: OwnListenerState) => number | null) =>
    new Counter({
      name,
      help,
      registers,
      async collect() {
        const answer = await state();
        const count = answer === null ? null : value(answer);
        this.remove();
        if (count !== null) this.inc(count);
      },
    });
  gauge(
    "spillway_listener_accept_queue",
    "Connections to the service's own port that wait to be accepted.",
    ({ acceptQueue }) => acceptQueue,
  );
  gauge(
    "spillway_listener_limit",
    "How many of them may wait, one less than the kernel holds: min(backlog, somaxconn) when it began to listen.",
    ({ limit }) => limit,
  );
  counter(
    "spillway_listener_overflows_total",
    "ListenOverflows of the network namespace of the service since it began to listen: packets of handshakes that found an accept queue full.",
    ({ overflows }) => overflows,
  );
  counter(
    "spillway_listener_drops_total",
    "ListenDrops of its network namespace since it began to listen: packets that listeners refused for whatever reason.",
    ({ drops }) => drops,
  );
}
