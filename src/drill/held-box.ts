import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SpillwayError } from "../errors.ts";
import type { BoxOptions, ClientCounts, FromBox, ToBox } from "./messages.ts";
import type { Place } from "./place.ts";
import { startProcess } from "./start-process.ts";

/** Longer than the box gives its agent to leave. */
const END_MS = 10_000;
/** Of what its processes wrote, for the message when they fail. */
const OUTPUT_CHARACTERS = 2_000;

/** The box of a drill, as the one who started it holds it. */
export interface HeldBox {
  /** Rejects when it ends unasked; never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when the agent runs and the application listens. */
  readonly ready: Promise<void>;
  /** The id of the agent's host as the service shows it; null before the agent has made one. */
  hostId(): string | null;
  begin(): void;
  /** Ends the load. @returns what became of its clients */
  halt(): Promise<ClientCounts>;
  /** Its host leaves, and all that it has started ends; resolves when nothing of it is left. */
  end(): Promise<void>;
}

/** @param token an ingest token, for the agent */
export function holdBox(place: Place, options: BoxOptions, token: string): HeldBox {
  const child = startProcess(place.kind === "namespaces" ? place.before : [], "box", options, {
    // Nothing of the person's: settings of an agent of theirs among it.
    env: { PATH: process.env.PATH, SPILLWAY_AGENT_TOKEN: token },
    detached: true,
    stderr: "pipe",
  });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARACTERS);
  });
  let ending = false;
  // Only then is nothing of it left, that could still write.
  const closed = new Promise<string>((resolve) => {
    child.once("close", (code, signal) => resolve(String(code ?? signal)));
    child.once("error", ({ message }) => resolve(message));
  });
  const failed = closed.then((how): Promise<never> => {
    if (ending) return new Promise(() => undefined);
    throw new SpillwayError("UNAVAILABLE", `the drill fell apart (${how}):\n${output.trim()}`);
  });
  // Whoever waits for something else learns of it there.
  failed.catch(() => undefined);
  const said = <Kind extends FromBox["kind"]>(kind: Kind) =>
    new Promise<Extract<FromBox, { readonly kind: Kind }>>((resolve) => {
      child.on("message", (message: FromBox) => {
        if (message.kind === kind) resolve(message as Extract<FromBox, { readonly kind: Kind }>);
      });
    });
  const ready = said("ready");
  const halted = said("halted");
  const say = (kind: ToBox["kind"]) => {
    const message: ToBox = { kind };
    // One that is gone is no fault: `failed` tells of it.
    if (child.connected) child.send(message, () => undefined);
  };
  return {
    failed,
    ready: ready.then(() => undefined),
    hostId: () => {
      const file = join(options.stateDir, "identity.json");
      return existsSync(file) ? `host_${JSON.parse(readFileSync(file, "utf8")).host}` : null;
    },
    begin: () => say("begin"),
    halt: async () => {
      say("halt");
      return (await halted).clients;
    },
    end: async () => {
      ending = true;
      say("end");
      const kill = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await closed;
      clearTimeout(kill);
    },
  };
}
