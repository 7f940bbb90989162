import { Signal } from "./signal.ts";

/** How the WebSocket stands: idle when nobody subscribes; lost while it tries to come back. */
export type LiveState = "idle" | "connecting" | "connected" | "lost";

export const live = new Signal<LiveState>("idle");
